"""Presets by name: which networks each is made of, which can be chosen, and loading."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from numbers import Integral, Real
from types import ModuleType

from genface import nets, weights
from genface.detect.faces import FINDERS, finder_of
from genface.detect.meshed import MeshPreset
from genface.detect.settings import FACEMESH, MEDIAPIPE, Settings
from genface.detect.staged import Preset
from genface.errors import InputError, WeightError
from genface.files import sha256, shipped_model
from genface.weights.licences import permitted

DEFAULT = "default"
"""Stands for the preset's own choice of a model."""

FACE_MODELS = {"blazeface": "blazeface_full"} | {name: name for name in FINDERS}
"""Finders by the names that a user gives."""

# Each preset's models; of those that it has not, there is no choice.
_MODELS: dict[str, dict[str, str | None]] = {
    "facemesh": {"face_model": "blazeface"},
    "multitask": {"face_model": "retinaface", "identity_model": None},
    "modular": {
        "face_model": "retinaface",
        "landmark_model": "mobilefacenet",
        "au_model": "xgb",
        "emotion_model": "resmasknet",
        "facepose_model": "pose_mlp_v2",
        "identity_model": None,
        "gaze_model": "l2cs",
    },
}
PRESETS = tuple(_MODELS)


@dataclass(frozen=True)
class Choice:
    """A preset and what was chosen for it, checked; nothing is loaded.

    ``models`` has the name of each model, None where it is left out. ``threshold``:
    score from which on a face counts; ``find_every``: frames from one run of the finder
    to the next, None for the preset's own.
    """

    preset: str
    models: Mapping[str, str | None]
    compat: str | None = None
    threshold: float = 0.5
    find_every: int | None = None

    @property
    def finder(self) -> str:
        """Name of the finder."""
        if self.compat:
            return MEDIAPIPE.finder
        return FACE_MODELS[str(self.models["face_model"])]

    @property
    def facts(self) -> dict[str, object]:
        """What was chosen, for the record of a job."""
        chosen = {"compat": self.compat, "find_every": self.find_every}
        return {"detector": self.preset, **self.models, **chosen}

    @property
    def settings(self) -> Settings:
        """How the preset ``facemesh`` looks."""
        like = MEDIAPIPE if self.compat else FACEMESH
        return replace(like, finder=self.finder, threshold=self.threshold)

    @property
    def assets(self) -> tuple[str, ...]:
        """Names of the weights, as ``genface weights`` lists them."""
        first = "retinaface_r34" if self.finder == "retinaface" else self.finder
        if self.preset == "facemesh":
            return first, self.settings.mesh
        return first, *_recipe(self.preset).networks_of(**self._measuring)

    def permitted(self, commercial: bool | None = None) -> None:
        """Refuse weights that may not be used commercially, where that is meant."""
        for name in self.assets:
            permitted(weights.asset(name), commercial)

    def pull(self, offline: bool | None = None, commercial: bool | None = None) -> None:
        """Pull all weights if some never were; what cannot be had is told at once."""
        self.permitted(commercial)
        try:
            self.digests()
        except WeightError:
            nets.pull(self.assets, offline=offline, commercial=commercial)

    def digests(self) -> dict[str, str]:
        """sha256 of every file that shapes the tables: weights, and models of ours."""
        ours = {name: sha256(shipped_model(*name.split("/"))) for name in self.shipped}
        pulled = {
            name if role == next(iter(roles)) else f"{name}/{role}": known
            for name, roles in ((name, weights.digests(name)) for name in self.assets)
            for role, known in roles.items()
        }
        return pulled | ours

    def load(
        self, offline: bool | None = None, commercial: bool | None = None
    ) -> MeshPreset | Preset:
        """The networks, their weights pulled if need be."""
        self.pull(offline, commercial)
        if self.preset == "facemesh":
            every = self.find_every
            return MeshPreset(self.settings, self.compat, every, offline, commercial)
        recipe, models = _recipe(self.preset), self._measuring
        finder = finder_of(self.finder, offline, commercial=commercial)
        stages_of = getattr(recipe, f"{self.preset}_stages")
        stages = stages_of(**models, offline=offline, commercial=commercial)
        facts = dict(self.models) | {"au_scale": recipe.au_scale(**models)}
        return Preset(finder, stages, self.threshold, self.find_every, facts)

    @property
    def shipped(self) -> tuple[str, ...]:
        """Models of our own, as files under models/."""
        aus = ("au/au_model.npz", "au/au_appearance.npz")
        return (*aus * (self.preset == "facemesh"), "rig/rig.npz")

    @property
    def _measuring(self) -> dict[str, str | None]:
        return {k: name for k, name in self.models.items() if k != "face_model"}


def choice_of(
    preset: str,
    models: Mapping[str, str | None],
    compat: str | None = None,
    threshold: float = 0.5,
    find_every: int | None = None,
) -> Choice:
    """A preset with the named models, :data:`DEFAULT` where the preset's own is meant.

    An :class:`InputError` lists the presets or models that there are.
    """
    if preset not in PRESETS:
        raise InputError(
            f"no preset is called {preset!r}; there are {', '.join(PRESETS)}."
        )
    if compat not in (None, "mediapipe"):
        raise InputError(f"compat={compat!r}: use None or 'mediapipe'.")
    if not isinstance(threshold, Real) or not 0 <= threshold <= 1:
        raise InputError(f"threshold={threshold!r}: expected a score from 0 to 1.")
    if find_every is not None and not (
        isinstance(find_every, Integral) and find_every >= 1
    ):
        raise InputError(f"find_every={find_every!r}: expected 1, 2, ... frames.")
    chosen = {name: model for name, model in models.items() if model != DEFAULT}
    if compat and (preset != "facemesh" or chosen or find_every):
        raise InputError(
            f"compat={compat!r} is a way of the preset facemesh, and leaves no choice "
            "of a face_model or of find_every; leave one of them out."
        )
    made = Choice(preset, _models(preset, chosen), compat, threshold, find_every)
    if made.models.get("facepose_model") == "img2pose":
        return _with_finder_poses(made)
    return made


def _models(preset: str, chosen: dict[str, str | None]) -> dict[str, str | None]:
    known = _MODELS[preset]
    if strange := sorted(chosen.keys() - known.keys()):
        raise InputError(
            f"the preset {preset} has no choice of {', '.join(strange)}; it takes "
            f"{', '.join(known)}."
        )
    models = known | chosen
    if models["face_model"] not in FACE_MODELS:
        raise InputError(
            f"face_model={models['face_model']!r}: expected {', '.join(FACE_MODELS)}."
        )
    if models["face_model"] == "img2pose" and "facepose_model" in known:
        models["facepose_model"] = chosen.get("facepose_model", "img2pose")
    if preset != "facemesh":
        measuring = {k: name for k, name in models.items() if k != "face_model"}
        _recipe(preset).check_models(**measuring)
    return models


def _recipe(preset: str) -> ModuleType:
    """The module of a preset that is made of stages; it loads flax."""
    return import_module(f"genface.detect.{preset}")


def _with_finder_poses(choice: Choice) -> Choice:
    """The finder tells the poses, so that it has to look at every frame."""
    if choice.models["face_model"] != "img2pose" or choice.find_every not in (None, 1):
        raise InputError(
            "facepose_model='img2pose' are the poses that the finder tells; choose "
            "face_model='img2pose' and find_every=1 with it."
        )
    return replace(choice, find_every=1)
