"""A face that moves: AU activations to vertices, pixels and clips."""

from genface.avatar.animation import Motion, calibrate_presence, retime, smoothed
from genface.avatar.curves import write_blendshapes, write_openfacs
from genface.avatar.face import AvatarRenderer, render_face
from genface.avatar.glb import write_glb
from genface.avatar.livelink import LiveLink, read_livelink, write_livelink
from genface.avatar.rig import Rig
from genface.avatar.viewer_page import write_page

__all__ = [
    "AvatarRenderer",
    "LiveLink",
    "Motion",
    "Rig",
    "calibrate_presence",
    "read_livelink",
    "render_face",
    "retime",
    "smoothed",
    "write_blendshapes",
    "write_glb",
    "write_livelink",
    "write_openfacs",
    "write_page",
]
