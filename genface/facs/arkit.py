"""How each Action Unit moves ARKit's face shapes: a default table, with its conflicts.

No published table carries weights and none agrees with all others; ARKIT_CONFLICTS says
where they differ. Sources: the ICT-FaceKit README (I), py-feat's AU reference (P),
gains after Salagean, Leba and Ionica 2025 as other code quotes them (S). The weights
are this project's, checked by eye and by number on the ICT-FaceKit surface.
"""

from genface.errors import InputError
from genface.facs.units import UNITS, au_name, au_number

SIDES = ("Left", "Right")

SIDED: frozenset[str] = frozenset(
    (
        "browDown browOuterUp cheekRaiser cheekSquint eyeBlink eyeLookDown eyeLookIn "
        "eyeLookOut eyeLookUp eyeSquint eyeWide mouthDimple mouthFrown mouthLowerDown "
        "mouthPress mouthSmile mouthStretch mouthUpperUp noseSneer"
    ).split()
)
"""Shapes that exist once per side (``...Left`` and ``...Right``) in ARKit."""

UNSIDED: frozenset[str] = frozenset(
    (
        "browInnerUp cheekPuff jawForward jawLeft jawOpen jawRight mouthClose "
        "mouthFunnel mouthLeft mouthPucker mouthRight mouthRollLower mouthRollUpper "
        "mouthShrugLower mouthShrugUpper tongueOut"
    ).split()
)
"""Shapes that ARKit has only once; ICT-FaceKit splits browInnerUp and cheekPuff."""

BEYOND_ARKIT: frozenset[str] = frozenset({"cheekRaiser"})
"""Shapes of ICT-FaceKit that ARKit does not have."""

ARKIT_SHAPES: tuple[str, ...] = tuple(
    sorted(UNSIDED | {shape + side for shape in SIDED - BEYOND_ARKIT for side in SIDES})
)
"""Names of ARKit's 52 shapes, alphabetical."""

ARKIT_VERSION = 1
"""Of the table below; it grows by one when a weight changes."""

ARKIT_FROM_AU: dict[int, dict[str, float]] = {
    1: {"browInnerUp": 1.0},
    2: {"browOuterUp": 1.0},
    4: {"browDown": 1.0},
    5: {"eyeWide": 1.0},
    # cheekRaiser is ICT's and adds what a smile shows.
    6: {"cheekSquint": 1.0, "eyeSquint": 0.3, "cheekRaiser": 0.4},
    7: {"eyeSquint": 1.0},
    9: {"noseSneer": 1.0},
    10: {"mouthUpperUp": 1.0},
    11: {"mouthUpperUp": 0.4, "noseSneer": 0.2},
    12: {"mouthSmile": 1.0},
    13: {"mouthSmile": 0.6},
    14: {"mouthDimple": 1.0},
    # mouthFrown alone widens the mouth a little; taking off some smile undoes it.
    15: {"mouthFrown": 1.0, "mouthSmile": -0.2},
    16: {"mouthLowerDown": 1.0},
    # Some add mouthShrugUpper: on a real surface it drives the lips through each other.
    17: {"mouthShrugLower": 0.8},
    18: {"mouthPucker": 1.0},
    19: {"tongueOut": 1.0},
    20: {"mouthStretch": 1.0},
    22: {"mouthFunnel": 1.0},
    # Tightening narrows the mouth and lengthens the upper lip: the negative weights.
    23: {
        "mouthPress": 0.5,
        "mouthRollUpper": 0.2,
        "mouthRollLower": 0.2,
        "mouthUpperUp": -0.4,
        "mouthSmile": -0.3,
    },
    24: {"mouthPress": 1.0},
    25: {"mouthLowerDown": 0.5, "mouthUpperUp": 0.35},
    26: {"jawOpen": 0.5},
    27: {"jawOpen": 1.0},
    28: {"mouthRollLower": 1.0, "mouthRollUpper": 1.0},
    29: {"jawForward": 1.0},
    33: {"cheekPuff": 0.5},
    34: {"cheekPuff": 1.0},
    43: {"eyeBlink": 1.0},
    45: {"eyeBlink": 1.0},
    46: {"eyeBlink": 1.0},  # one side only: write AU46_L or AU46_R
    61: {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0},
    62: {"eyeLookInLeft": 1.0, "eyeLookOutRight": 1.0},
    63: {"eyeLookUp": 1.0},
    64: {"eyeLookDown": 1.0},
}
"""``{AU number: {shape: weight}}``; a shape in :data:`SIDED` stands for both sides."""

ARKIT_CONFLICTS: dict[int, str] = {
    6: "all agree on cheekSquint; ICT-FaceKit also has a cheekRaiser that none lists",
    10: "I: mouthShrugUpper; P and S: mouthUpperUp",
    11: "I: mouthUpperUp alone; P: none",
    13: "nothing published",
    17: "others add mouthShrugUpper, which drives the lips through each other",
    23: "ARKit has no lip tightener; P and S: mouthPress, others: mouthRoll or none",
    24: "I and P: mouthPress; S: mouthPucker",
    25: "P: a little jawOpen; S: mouthClose inverted, valid only with jawOpen",
    26: "I gives jawOpen to AU27 alone; P to both",
    33: "I: cheekPuff is AU33; P: AU34",
    34: "I: cheekPuff is AU33; P: AU34",
    43: "S: eyeLookDown, which turns the eyes; the others: eyeBlink",
    61: "P mirrors it; looking left turns the left eye outward, as I has it",
    62: "P mirrors it, as AU61",
}
"""What published tables say otherwise, by AU number."""


def arkit_weights(au: str | int) -> dict[str, float]:
    """Weights of the sided ARKit names (``mouthSmileLeft``) for one full AU.

    ``AU12`` drives both sides, ``AU12_L`` the subject's left one; of a shape without
    sides a one-sided AU takes half. Weights may be negative. An AU that no shape
    expresses (head movements, AU30, AU65, AU66) is an :class:`InputError`.
    """
    name, number = au_name(au), au_number(au)
    if number not in ARKIT_FROM_AU:
        raise InputError(f"{name} ({UNITS[number].name}) has no ARKit shape.")
    sides = {"L": SIDES[:1], "R": SIDES[1:]}.get(name[5:], SIDES)
    weights: dict[str, float] = {}
    for shape, weight in ARKIT_FROM_AU[number].items():
        if shape in SIDED:
            weights |= {shape + side: weight for side in sides}
        else:
            weights[shape] = weight if len(sides) == 2 else weight / 2
    return weights
