"""The embedded default: faces found by BlazeFace, meshed, followed and measured."""

from collections.abc import Iterable, Iterator, Sequence

import pandas as pd

from genface.avatar import Rig
from genface.detect.assemble import Sighting, face_table
from genface.detect.facemesh import FaceMesh
from genface.detect.settings import Settings
from genface.detect.sources import Shot, Source
from genface.detect.tracking import Face, Tracker
from genface.geometry.mesh_points import N_MESH
from genface.nets.au_appearance import load_appearance
from genface.nets.au_model import load_au_model


class MeshPreset:
    """The preset ``facemesh`` in the given settings; the networks load now.

    ``find_every``: frames of a clip from one look for newcomers to the next, at most;
    None: about a second.
    """

    def __init__(
        self,
        settings: Settings,
        compat: str | None = None,
        find_every: int | None = None,
        offline: bool | None = None,
        commercial: bool | None = None,
    ) -> None:
        self.settings, self._compat, self._find_every = settings, compat, find_every
        self._loading = {"offline": offline, "commercial": commercial}
        self._chains: dict[int, FaceMesh] = {}
        self._au_model = load_au_model()
        self._chain(1)

    def look(
        self, shots: Iterable[Shot], a_second: int | None, batch_size: int
    ) -> Iterator[tuple[Shot, list[Face]]]:
        """The faces of each picture, or of each frame of a clip in its order.

        ``a_second``: how many frames of the clip that is, None for pictures.
        """
        chain = self._chain(batch_size)
        wait = self._find_every or a_second
        tracker = Tracker(chain, longest_wait=wait) if a_second and wait else None
        for shot in shots:
            if tracker:
                yield shot, tracker(shot.pixels)
            else:
                yield shot, [Face(*one) for one in enumerate(chain(shot.pixels))]

    def table(self, sightings: Sequence[Sighting[Face]], all_aus: bool) -> pd.DataFrame:
        """The rows; AUs that the model cannot tell are NaN unless ``all_aus``."""
        neutral = Rig.default().neutral[:N_MESH]
        return face_table(sightings, neutral, self._au_model, all_aus)

    def facts(self, sources: Sequence[Source], all_aus: bool) -> dict[str, object]:
        """What a table of the sources has to say about its columns."""
        model = self._au_model
        relative = [n for n in model.relative if all_aus or n in model.seen]
        neutrals = {"person" if s.moves else "average" for s in sources}
        by_kind = {"video": "person", "image": "average"}
        appearance = {"au_appearance": load_appearance().version} if all_aus else {}
        return {
            "au_scale": "intensity",
            "relative_aus": relative,
            "unseen_aus": list(model.unseen),
            "neutral": neutrals.pop() if len(neutrals) == 1 else by_kind,
            "gaze_frame": "head",
            "compat": self._compat,
            "detector_settings": self.settings.as_dict(),
            "find_every": self._find_every,
            "au_model": model.name,
            **appearance,
        }

    def _chain(self, batch_size: int) -> FaceMesh:
        if batch_size not in self._chains:
            self._chains[batch_size] = FaceMesh(
                self.settings, batch_size=batch_size, **self._loading
            )
        return self._chains[batch_size]
