"""Where the muscles of the face lie on the mesh, and which Action Units they make.

The outlines are this project's drawing, for figures only: muscles overlap and lie deep.
Which AU a muscle makes comes by its name from :mod:`genface.facs.units`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from genface.errors import InputError
from genface.facs.regions import mirror
from genface.facs.units import UNITS

SIDES = ("L", "R")

Muscles = bool | Mapping[str, str] | Sequence[str] | None
"""True for all, names, or names with their colours."""


@dataclass(frozen=True)
class Muscle:
    """One muscle: its names in FACS, and the outline of the subject's right half."""

    muscles: tuple[str, ...]
    outline: tuple[int, ...]  # mesh vertices on the right

    @property
    def aus(self) -> tuple[str, ...]:
        """Columns of the AUs that it makes."""
        return tuple(
            unit.column
            for unit in UNITS.values()
            if set(unit.muscles) & set(self.muscles)
        )


# fmt: off
_UPPER_LID = (
    33, 246, 161, 160, 159, 158, 157, 173, 133, 190, 56, 28, 27, 29, 30, 247, 130,
)
_MASSETER = (137, 123, 147, 213, 192, 138, 172, 58, 132, 93)

MUSCLES: Mapping[str, Muscle] = {
    "frontalis_inner": Muscle(
        ("frontalis (medial)",), (10, 109, 67, 69, 66, 107, 9, 151)
    ),
    "frontalis": Muscle(
        ("frontalis (lateral)",), (67, 103, 68, 70, 63, 105, 66, 69)
    ),
    "cor_sup": Muscle(("corrugator supercilii",), (107, 66, 105, 52, 65, 55)),
    "procerus": Muscle(("procerus",), (9, 55, 193, 6)),
    "lev_palp": Muscle(("levator palpebrae superioris",), _UPPER_LID),
    "lev_palp_rel": Muscle(("levator palpebrae superioris (relaxed)",), _UPPER_LID),
    "pars_palp": Muscle(
        ("orbicularis oculi (palpebral)", "orbicularis oculi"),
        (33, 7, 163, 144, 145, 153, 154, 155, 133, 243, 112, 26, 22, 23, 24, 110, 25,
         130),
    ),
    "orb_oc": Muscle(
        ("orbicularis oculi (orbital)",),
        (226, 35, 111, 117, 118, 119, 120, 121, 232, 26, 22, 23, 24, 110, 25, 130),
    ),
    "lev_lab_sup_an": Muscle(
        ("levator labii superioris alaeque nasi",),
        (193, 245, 114, 126, 129, 203, 165, 98, 131, 198, 174, 122),
    ),
    "lev_lab_sup": Muscle(
        ("levator labii superioris",),
        (119, 120, 47, 142, 203, 165, 92, 206, 36, 101),
    ),
    "zyg_min": Muscle(
        ("zygomaticus minor",), (118, 101, 36, 206, 92, 186, 216, 205, 50)
    ),
    "zyg_maj": Muscle(
        ("zygomaticus major",), (116, 117, 50, 205, 216, 61, 57, 207, 187, 123)
    ),
    "lev_ang_or": Muscle(("levator anguli oris",), (36, 206, 186, 61, 57, 216, 205)),
    "bucc": Muscle(("buccinator",), (57, 216, 207, 187, 147, 213, 192, 214, 212)),
    "risorius": Muscle(
        ("risorius",), (61, 57, 212, 214, 192, 138, 135, 210, 202, 43)
    ),
    "dep_ang_or": Muscle(
        ("depressor anguli oris",),
        (61, 43, 106, 204, 211, 170, 169, 210, 202, 212, 57),
    ),
    "dep_lab_inf": Muscle(
        ("depressor labii inferioris",), (91, 181, 84, 83, 201, 32, 211, 204, 106)
    ),
    "mentalis": Muscle(("mentalis",), (18, 83, 201, 208, 171, 175, 199, 200)),
    "incis": Muscle(("incisivii labii",), (57, 186, 185, 61, 146, 43)),
    "orb_oris_u": Muscle(
        ("orbicularis oris",),
        (164, 167, 165, 92, 186, 57, 61, 78, 191, 80, 81, 82, 13),
    ),
    "orb_oris_l": Muscle(
        ("orbicularis oris",),
        (14, 87, 178, 88, 95, 78, 61, 57, 43, 106, 182, 83, 18),
    ),
    "masseter": Muscle(("masseter",), _MASSETER),
    "masseter_rel": Muscle(("masseter (relaxed)",), _MASSETER),
    "pterygoid": Muscle(("pterygoids",), (192, 138, 172, 136, 135)),
    "digastric": Muscle(("digastric",), (149, 176, 148, 152, 175, 171, 140)),
}
# fmt: on
"""Muscles by py-feat's names, or names in their manner."""


def outlines(name: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Mesh vertices around a muscle on the subject's left and right."""
    right = MUSCLES[name].outline
    return tuple(mirror()[vertex] for vertex in right), right


def muscle_heat(activations: Mapping[str, float]) -> dict[str, float]:
    """Heat in [0, 1] of each side of each muscle (``zyg_maj_l``): its strongest AU's.

    ``AU12`` drives both sides, and ``AU12_L`` only the subject's left.
    """
    heat = {}
    for name, muscle in MUSCLES.items():
        for side in SIDES:
            values = [
                activations.get(f"{au}_{side}", activations.get(au, 0.0))
                for au in muscle.aus
            ]
            heat[f"{name}_{side.lower()}"] = max(values)
    return heat


def chosen_muscles(muscles: Muscles) -> dict[str, str]:
    """``heatmap`` or a colour for each side of each muscle that is wanted.

    True is all as a heat map, as are names without a colour; of ``all``, ``zyg_maj``
    and ``zyg_maj_l`` the narrowest counts.
    """
    if not muscles:
        return {}
    if muscles is True:
        muscles = ["all"]
    if not isinstance(muscles, Mapping):
        muscles = dict.fromkeys(muscles, "heatmap")
    sides = [f"{name}_{side.lower()}" for name in MUSCLES for side in SIDES]
    unknown = [n for n in muscles if n != "all" and n not in {*MUSCLES, *sides}]
    if unknown:
        raise InputError(
            f"no muscle {', '.join(unknown)}; known are {', '.join(MUSCLES)}, each "
            "also with _l or _r."
        )
    wanted = {}
    for side in sides:
        for name in (side, side[:-2], "all"):
            if name in muscles:
                wanted[side] = muscles[name]
                break
    return wanted
