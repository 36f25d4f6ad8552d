"""Where on the face each Action Unit acts: patches of the 478-point mesh.

Written down from the muscles' insertions and the appearance changes of the FACS manual
(Ekman, Friesen and Hager 2002), before any rig moved: rigs are fitted inside these
regions and tested against them. Vertices are MediaPipe's.
"""

from functools import cache

from genface.errors import InputError
from genface.facs.units import au_name, au_number

# Vertices on the midline. The others come in pairs: all of the subject's right before
# all of the left, both in the same order.
# fmt: off
MIDDLE: tuple[int, ...] = (
    0, 1, 2, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 94, 151, 152, 164,
    168, 175, 195, 197, 199, 200,
)

PATCHES: dict[str, tuple[int, ...]] = {
    "forehead inner": (108, 69, 151),
    "forehead outer": (104, 68, 71),
    "brow inner": (107, 66, 55, 65),
    "brow outer": (105, 63, 70, 52, 53, 46),
    "glabella": (9, 8, 168, 193, 55, 107),
    "eye cover": (225, 224, 223, 222, 221, 189, 113),
    "upper lid": (
        33, 246, 161, 160, 159, 158, 157, 173, 133, 247, 30, 29, 27, 28, 56, 190,
    ),
    "lower lid": (
        33, 7, 163, 144, 145, 153, 154, 155, 133, 25, 110, 24, 23, 22, 26, 112,
    ),
    "infraorbital": (
        31, 228, 229, 230, 231, 232, 233, 128, 121, 120, 119, 118, 117, 47,
    ),
    "crow's feet": (130, 226, 113, 124, 35, 143, 111, 31),
    "cheek": (117, 118, 119, 101, 50, 123, 116, 36, 100, 205),
    "lower cheek": (187, 207, 192, 214, 212, 216, 205, 147, 213),
    "nose bridge": (6, 197, 195, 122, 196, 188, 245, 174, 3, 236, 244),
    "nose wing": (
        129, 64, 102, 48, 115, 49, 131, 209, 198, 126, 142, 219, 166, 220, 235, 59,
        218, 98, 240, 75,
    ),
    "nasolabial fold": (129, 203, 206, 216, 36, 205, 165, 92, 142),
    "philtrum": (164, 167, 2, 97, 165),
    "upper lip": (
        61, 185, 40, 39, 37, 0, 76, 184, 74, 73, 72, 11, 62, 183, 42, 41, 38, 12,
        78, 191, 80, 81, 82, 13,
    ),
    "lower lip": (
        61, 146, 91, 181, 84, 17, 76, 77, 90, 180, 85, 16, 62, 96, 89, 179, 86, 15,
        78, 95, 88, 178, 87, 14,
    ),
    "mouth corner": (
        61, 76, 62, 78, 57, 185, 146, 184, 77, 183, 96, 191, 95, 186, 43, 212,
    ),
    "below the corner": (43, 106, 202, 204, 210, 211, 57),
    "below the lip": (18, 83, 182, 106, 201, 194),
    "chin": (200, 199, 175, 152, 208, 171, 148, 201, 32, 140, 194, 176),
    "jaw": (
        152, 148, 176, 149, 150, 136, 172, 58, 132, 169, 170, 135, 138, 210, 211,
        204, 202, 140, 32, 215,
    ),
}
"""Patches of the subject's right half and the midline."""
# fmt: on

_LIPS = ("upper lip", "lower lip", "mouth corner")

AU_PATCHES: dict[int, tuple[str, ...]] = {
    1: ("brow inner", "forehead inner", "glabella"),
    2: ("brow outer", "forehead outer", "eye cover"),
    4: ("brow inner", "brow outer", "glabella", "eye cover"),
    5: ("upper lid", "eye cover"),
    6: ("infraorbital", "cheek", "crow's feet", "lower lid"),
    7: ("upper lid", "lower lid"),
    9: ("nose wing", "nose bridge", "nasolabial fold", "glabella", "upper lip"),
    10: ("upper lip", "philtrum", "nasolabial fold", "nose wing"),
    11: ("nasolabial fold", "cheek", "upper lip", "nose wing"),
    12: (*_LIPS, "nasolabial fold", "cheek", "lower cheek"),
    13: ("mouth corner", "upper lip", "nasolabial fold", "cheek", "lower cheek"),
    14: (*_LIPS, "lower cheek", "nasolabial fold"),
    15: (*_LIPS, "below the corner", "chin"),
    16: ("lower lip", "mouth corner", "below the lip", "chin"),
    17: ("chin", "below the lip", "below the corner", *_LIPS),
    18: (*_LIPS, "philtrum", "below the lip", "nasolabial fold"),
    20: (*_LIPS, "below the corner", "lower cheek", "chin"),
    22: (*_LIPS, "philtrum", "below the lip", "nasolabial fold"),
    23: (*_LIPS, "philtrum", "below the lip"),
    24: (*_LIPS, "philtrum", "below the lip"),
    25: (*_LIPS, "philtrum", "below the lip"),
    26: ("jaw", "chin", "below the lip", "below the corner", *_LIPS, "lower cheek"),
    27: ("jaw", "chin", "below the lip", "below the corner", *_LIPS, "lower cheek"),
    28: (*_LIPS, "philtrum", "below the lip"),
    43: ("upper lid", "lower lid"),
    45: ("upper lid", "lower lid"),
}
"""Patches that each unit moves, most of all those of its muscle."""

MOVES_OUTLINE: frozenset[int] = frozenset({16, 17, 26, 27})
"""Units that move the outline of the face: those that pull on the chin or the jaw."""


@cache
def mirror() -> tuple[int, ...]:
    """The mesh vertex on the other side, for each of the 468 of the face."""
    sides = [i for i in range(468) if i not in MIDDLE]
    half = len(sides) // 2
    pairs = dict(zip(sides, sides[half:] + sides[:half], strict=True))
    return tuple(pairs.get(i, i) for i in range(468))


def region(au: str | int) -> tuple[int, ...]:
    """Mesh vertices that an Action Unit may move, ascending.

    ``AU12`` gives both sides, ``AU12_L`` and ``AU12_R`` the subject's left and right
    with the midline. A unit without a region is an :class:`InputError`.
    """
    name, number = au_name(au), au_number(au)
    if number not in AU_PATCHES:
        raise InputError(
            f"{name} has no region on the face; those that have: "
            f"{', '.join(map(str, AU_PATCHES))}."
        )
    right = {vertex for patch in AU_PATCHES[number] for vertex in PATCHES[patch]}
    left = {mirror()[vertex] for vertex in right}
    sides = {"_R": right, "_L": left}
    return tuple(sorted(sides.get(name[4:], right | left)))
