"""Pulled networks by name, with outputs that have names and shapes of their own."""

from dataclasses import replace

import numpy as np

from genface.compilation import keep_compiled
from genface.errors import WeightError
from genface.nets.tflite_graph import Network, compile_graph
from genface.weights import ensure
from genface.weights.pip_download import Progress
from genface.weights.tflite import Graph, read_graph

# Name in the file -> our name, shape after N. "Left" in the files is the image's left.
_OUTPUTS: dict[str, dict[str, tuple[str, tuple[int, ...]]]] = {
    "blazeface_short": {
        "regressors": ("boxes", (896, 16)),
        "classificators": ("logits", (896,)),
    },
    "blazeface_full": {
        "Identity": ("boxes", (2304, 16)),
        "Identity_1": ("logits", (2304,)),
    },
    "face_mesh": {
        "conv2d_21": ("mesh", (468, 3)),
        "conv2d_31": ("presence_logit", ()),
    },
    "face_mesh_attention": {
        "output_mesh_identity": ("mesh", (468, 3)),
        "output_lips": ("lips", (80, 2)),
        "output_left_eye": ("image_left_eye", (71, 2)),
        "output_right_eye": ("image_right_eye", (71, 2)),
        "output_left_iris": ("image_left_iris", (5, 2)),
        "output_right_iris": ("image_right_iris", (5, 2)),
        "conv_faceflag": ("presence_logit", ()),
    },
    "iris": {
        "output_eyes_contours_and_brows": ("contour", (71, 3)),
        "output_iris": ("iris", (5, 3)),
    },
}

# Feature grids on the way to the outputs: name in the file -> our name.
_INNER: dict[str, dict[str, str]] = {
    "face_mesh_attention": {
        "p_re_lu_5": "grid_48",
        "p_re_lu_8": "grid_24",
        "p_re_lu_11": "grid_12",
    },
}

# Corners of the region that a Landmarks2TransformMatrix cuts out, on the 468 mesh.
_REGIONS = {
    (61, 291): "lips",
    (33, 133): "image_left_eye",
    (362, 263): "image_right_eye",
}


def load(
    name: str,
    offline: bool | None = None,
    progress: Progress | None = None,
    grids: bool = False,
) -> Network:
    """A network whose weights are pulled if need be, with its compiled code kept.

    Outputs, each with N first; coordinates in pixels of the network's input:

    - ``blazeface_short``, ``blazeface_full``: ``boxes`` (B, 16) relative to the
      anchors, ``logits`` (B,)
    - ``face_mesh``: ``mesh`` (468, 3), ``presence_logit`` ()
    - ``face_mesh_attention``: these, and ``lips`` (80, 2), ``image_left_eye`` and
      ``image_right_eye`` (71, 2), ``image_left_iris`` and ``image_right_iris`` (5, 2);
      ``constants`` has the mesh vertices that lips and eyes refine, by the same names
    - ``iris``: ``contour`` (71, 3), ``iris`` (5, 3)

    With ``grids``, ``face_mesh_attention`` also gives the features that its points are
    read from: ``grid_48`` (48, 48, 32), ``grid_24`` (24, 24, 64), ``grid_12``
    (12, 12, 128), rows from the top of the input. They cost no further pass.
    """
    if name not in _OUTPUTS:
        raise WeightError(
            f"no network is called {name!r}; there are {', '.join(_OUTPUTS)}."
        )
    graph = read_graph(ensure(name, offline, progress).read_bytes())
    keep_compiled()
    network = compile_graph(graph, _OUTPUTS[name], _INNER.get(name) if grids else None)
    return replace(network, constants=_refined_vertices(graph))


def _refined_vertices(graph: Graph) -> dict[str, np.ndarray]:
    found = {}
    for operator in graph.operators:
        if operator.name == "Landmarks2TransformMatrix":
            options = operator.options
            corners = (options["left_rotation_idx"], options["right_rotation_idx"])
            found[_REGIONS[corners]] = np.array(options["subset_idxs"])
    return found
