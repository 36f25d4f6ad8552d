"""Points, boxes, crops, head pose and gaze as pure functions of arrays."""
