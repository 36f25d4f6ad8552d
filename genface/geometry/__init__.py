"""Points, boxes, crops, head pose and gaze as pure functions of arrays."""

from genface.geometry import mesh_points
from genface.geometry.boxes import area, iou, weighted_nms
from genface.geometry.crops import Pixels, as_pixels, crop, region_of, to_picture
from genface.geometry.gaze import eye_angles, eye_opening, gaze_angle, in_camera
from genface.geometry.pose import (
    Similarity,
    euler_from_rotation,
    mesh_to_head_axes,
    pinhole_position,
    rotation_from_euler,
    similarity,
)

__all__ = [
    "Pixels",
    "Similarity",
    "area",
    "as_pixels",
    "crop",
    "euler_from_rotation",
    "eye_angles",
    "eye_opening",
    "gaze_angle",
    "in_camera",
    "iou",
    "mesh_points",
    "mesh_to_head_axes",
    "pinhole_position",
    "region_of",
    "rotation_from_euler",
    "similarity",
    "to_picture",
    "weighted_nms",
]
