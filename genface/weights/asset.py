"""One entry of the registry: files, what they are for, and under what licence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from genface.errors import WeightError
from genface.weights.sources import Member, Source

Kind = Literal["tflite", "clip", "network", "classifiers"]


@dataclass(frozen=True)
class Asset:
    """Files that belong together, by their role (``weights``, ``config`` ...).

    ``input`` is what the network takes, ``signs`` what its raw outputs mean where that
    differs from this project's tables. ``network`` and ``classifiers`` are converted
    once and kept as arrays of ours; the other kinds are kept as they come.
    """

    name: str
    purpose: str
    kind: Kind
    sources: Mapping[str, Source]
    licence: str
    commercial_use: bool
    input: str
    signs: str

    @property
    def is_converted(self) -> bool:
        """Whether what is kept is not the file but arrays made from it."""
        return self.kind in ("network", "classifiers")

    @property
    def source(self) -> Source:
        """The first of the sources: the weights."""
        return next(iter(self.sources.values()))

    @property
    def sha256(self) -> str:
        """Hash that the weights are pinned to, if they are; else a WeightError."""
        if not isinstance(self.source, Member):
            raise WeightError(f"{self.name} is not pinned; weights.digests() knows it.")
        return self.source.sha256
