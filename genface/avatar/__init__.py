"""A face that moves: AU activations to vertices, pixels, clips and figures.

Figures are bound on first use, so that what needs none does not load matplotlib.
"""

from importlib import import_module
from typing import Any

from genface.avatar.animation import Motion, calibrate_presence, retime, smoothed
from genface.avatar.curves import write_blendshapes, write_openfacs
from genface.avatar.face import AvatarRenderer, render_face
from genface.avatar.glb import write_glb
from genface.avatar.livelink import LiveLink, read_livelink, write_livelink
from genface.avatar.rig import Rig
from genface.avatar.viewer_page import write_page

_FIGURES = {
    "face_animation_plots": "FaceAnimation animate_au animate_face",
    "face_plots": "plot_face",
    "inputs": "activations emotion_face",
    "lineface": "predict_landmarks",
    "mesh_figures": "animate_face_mesh_plotly plot_face_mesh_plotly",
    "mesh_plots": "plot_face_mesh",
    "region_plots": "plot_face_regions",
    "tweening": "interpolate_aus",
}
"""Public names by the module that defines them."""

_HOME = {name: module for module, names in _FIGURES.items() for name in names.split()}

__all__ = [  # noqa: PLE0604
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
    *_HOME,
]


def __getattr__(name: str) -> Any:
    """Import a figure from its module on first use (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'genface.avatar' has no attribute {name!r}")
    return getattr(import_module(f"genface.avatar.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
