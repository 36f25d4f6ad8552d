"""A face that moves: AU activations to vertices, pixels and clips."""

from genface.avatar.animation import Motion, calibrate_presence, retime, smoothed
from genface.avatar.face import AvatarRenderer, render_face
from genface.avatar.rig import Rig

__all__ = [
    "AvatarRenderer",
    "Motion",
    "Rig",
    "calibrate_presence",
    "render_face",
    "retime",
    "smoothed",
]
