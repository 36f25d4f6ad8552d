"""Fex: the face table as a pandas DataFrame that knows its groups of columns.

Groups are derived from the column names, facts live in ``attrs``, and sessions are one
label per row: all three survive what pandas does to a table. Logic lives in the rooms
below.
"""

import copy
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

from genface import table as tables
from genface.table import Selection, select_columns, sessions, write_table
from genface.table.attributes import Column, Fact, Group
from genface.table.columns import time_columns
from genface.table.faces import complete_face, face_rows, longest_face
from genface.table.origin import PARTLY, mixes_free_samples
from genface.table.rate import row_rate


class Statistic:
    """A method that calls ``genface.stats``' function of its name on the table.

    Arguments, signature and documentation are the function's. A table that it returns
    becomes a :class:`Fex` with this table's facts under its own, and with the sessions
    that ``genface.table.with_sessions`` gave it, or else, where the index is still
    this table's, with this table's.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, table: "Fex | None", owner: type) -> Callable[..., Any]:
        function = getattr(import_module("genface.stats"), self._name)
        if table is None:
            return function

        def method(*args: Any, **options: Any) -> Any:
            return table._own(function(table, *args, **options))

        functools.update_wrapper(method, function)
        method.__dict__["__wrapped__"] = functools.partial(function, table)
        return method


class Fex(pd.DataFrame):
    """One row per face and frame; a frame without a face is one row of NaN.

    Groups (``aus``, ``poses``, ...) are tables of those columns, without columns where
    there are none. ``attrs`` holds facts such as ``au_scale`` and ``fps``; of tables
    put together, those on which all of them agree. ``sessions`` is one label per row,
    given with ``update_sessions``, and not a column (:mod:`genface.table.sessions`).
    """

    _metadata = [sessions.SLOT]
    _sessions: Any = None

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        """As pandas, and with the facts and sessions of a table that it is made of."""
        super().__init__(data, *args, **kwargs)  # type: ignore[call-arg]
        if isinstance(data, pd.DataFrame):
            self.__finalize__(data)

    @property
    def _constructor(self) -> Callable[..., "Fex"]:
        return Fex if self._sessions is None else self._successor

    @staticmethod
    def _successor(*args: Any, **kwargs: Any) -> "Fex":
        made = Fex(*args, **kwargs)
        made._sessions = sessions.UNTOLD  # pandas does not always call __finalize__
        return made

    def __finalize__(self, other: Any, method: str | None = None, **kwargs: Any):
        """Pass facts and sessions on; of two tables in one sum, the left one's."""
        held = self._sessions
        super().__finalize__(other, method, **kwargs)  # type: ignore[misc]
        parts = getattr(other, "input_objs", getattr(other, "objs", ()))  # pandas 2
        if held is None or held is sessions.UNTOLD:
            if isinstance(other, Fex):
                held = sessions.carried(self, other, method)
            elif parts:
                held = sessions.together(self, list(parts), method)
        self._sessions = held
        # pd.concat would drop all facts where one of them differs.
        facts = [part.attrs for part in parts]
        for key, value in facts[0].items() if facts else ():
            if all(key in fact and fact[key] == value for fact in facts[1:]):
                self.attrs[key] = copy.deepcopy(value)
        if mixes_free_samples(facts):
            self.attrs["synthetic"] = PARTLY
        return self

    def take(self, indices: Any, axis: Any = 0, **kwargs: Any):  # type: ignore[misc]
        """Rows (or columns) by position, as in pandas; sessions go by position too."""
        taken = super().take(indices, axis, **kwargs)
        if axis in (0, "index") and isinstance(self._sessions, pd.Series):
            taken._sessions = self._sessions.take(indices).reset_index(drop=True)
        return taken

    def _update_inplace(self, result: Any, *args: Any) -> None:
        """Let ``inplace=True`` take over the sessions together with the rows."""
        if result is not self and not isinstance(result._sessions, pd.Series):
            result.__finalize__(self, "sort_values")  # the hardest to follow
        super()._update_inplace(result, *args)  # type: ignore[misc]
        self._sessions = result._sessions

    def rolling(self, *args: Any, **kwargs: Any) -> Any:
        """Pandas' windows; they reach over sessions and lose them, with a warning."""
        sessions.warn_of_windows(self, "rolling")
        return super().rolling(*args, **kwargs)

    def expanding(self, *args: Any, **kwargs: Any) -> Any:  # type: ignore[misc]
        """Pandas' windows; see :meth:`rolling`."""
        sessions.warn_of_windows(self, "expanding")
        return super().expanding(*args, **kwargs)

    def ewm(self, *args: Any, **kwargs: Any) -> Any:  # type: ignore[misc]
        """Pandas' weighted windows; see :meth:`rolling`."""
        sessions.warn_of_windows(self, "ewm")
        return super().ewm(*args, **kwargs)

    def _own(self, made: Any) -> Any:
        """What a function of ``genface.stats`` made of this table."""
        if not isinstance(made, pd.DataFrame):
            return made
        table = Fex(made)
        table.attrs = self.attrs | table.attrs
        held = getattr(made, sessions.SLOT, None)
        if not isinstance(held, pd.Series) and made.index.equals(self.index):
            held = self._sessions
        table._sessions = held
        return table

    aus = Group("aus")
    """Action Units, on the scale ``attrs["au_scale"]``; NaN where unseen."""
    emotions = Group("emotions")
    """Emotions, in the words that the table has."""
    valence_arousal = Group("valence_arousal")
    """Valence and arousal, from -1 to 1."""
    poses = Group("pose")
    """Rotation (radians) and position (centimetres) of the head, in genface's terms."""
    gazes = Group("gaze")
    """Direction of gaze in radians."""
    landmarks = Group("landmarks")
    """The 68 landmarks in pixels: all x, then all y."""
    landmarks_x = Group("landmarks", r"(^|_)x_\d+$")
    """Horizontal positions of the landmarks."""
    landmarks_y = Group("landmarks", r"(^|_)y_\d+$")
    """Vertical positions of the landmarks, downward."""
    mesh = Group("mesh")
    """The 478 mesh points: x and y in pixels, z in widths of the face box."""
    blendshapes = Group("blendshapes")
    """MediaPipe's 52 shapes, from 0 to 1."""
    faceboxes = Group("facebox")
    """Face boxes in pixels, and their scores."""
    identity_embeddings = Group("identity")
    """Numbers by which faces are recognised."""

    identities = Column("Identity")
    """Who each face is (``Person_0``), as ``compute_identities`` says."""
    inputs = Column("input")
    """The file that each row comes from."""

    @property
    def time(self) -> "Fex":
        """Frame number and time; ``fex["time"]`` is the column of seconds."""
        return self[time_columns(self.columns.tolist())]

    def longest_face(self) -> int:
        """``face_id`` seen in most frames; of equals, the smallest."""
        return longest_face(self)

    def face(self, face_id: int) -> "Fex":
        """The rows of one face."""
        return face_rows(self, face_id)

    def complete(self, face_id: int) -> "Fex":
        """One row per frame of the table for one face, NaN where it was not seen."""
        return complete_face(self, face_id)

    @property
    def sessions(self) -> pd.Series | None:
        """Session of each row; None before ``update_sessions``.

        Raises :class:`~genface.errors.InputError` where pandas made rows whose session
        nobody can tell.
        """
        return sessions.sessions_of(self)

    def update_sessions(self, new: Mapping | Iterable | None) -> "Fex":
        """A copy with other sessions: one per row, or a mapping of the old ones."""
        return sessions.update_sessions(self, new)

    def itersessions(self) -> Iterator[tuple[Any, "Fex"]]:
        """Each session in sorted order, with its rows."""
        return sessions.itersessions(self)

    # Statistics: the functions of these names in genface.stats.
    append = Statistic()
    baseline = Statistic()
    clean = Statistic()
    compute_identities = Statistic()
    decode = Statistic()
    decompose = Statistic()
    distance = Statistic()
    downsample = Statistic()
    extract_boft = Statistic()
    extract_max = Statistic()
    extract_mean = Statistic()
    extract_min = Statistic()
    extract_multi_wavelet = Statistic()
    extract_sem = Statistic()
    extract_std = Statistic()
    extract_summary = Statistic()
    extract_wavelet = Statistic()
    isc = Statistic()
    predict = Statistic()
    rectification = Statistic()
    regress = Statistic()
    ttest_1samp = Statistic()
    ttest_ind = Statistic()
    upsample = Statistic()

    @property
    def sampling_freq(self) -> float | None:
        """Rows per second: as set, or by times, frames and the clip's rate."""
        return row_rate(self)

    @sampling_freq.setter
    def sampling_freq(self, rate: float | None) -> None:
        self.attrs["sampling_freq"] = rate

    # Facts under the names that py-feat's scripts use.
    detector = Fact("detector")
    face_model = Fact("face_model")
    landmark_model = Fact("landmark_model")
    au_model = Fact("au_model")
    emotion_model = Fact("emotion_model")
    facepose_model = Fact("facepose_model")
    identity_model = Fact("identity_model")
    gaze_model = Fact("gaze_model")

    def to_feat(self) -> "Fex":
        """The table in the names, signs and scales of genface and py-feat 2.1.1."""
        fex = _fex(tables.to_feat(self))
        fex._sessions = self._sessions
        return fex

    def write(self, path: Path | str, columns: Selection = "mesh") -> Path:
        """Write a CSV with its sidecar, or a Parquet file; returns the path."""
        chosen = select_columns(self, columns)
        return write_table(chosen, path, sessions.facts_of(self))


def _fex(table: pd.DataFrame) -> Fex:
    fex = Fex(table)
    return sessions.with_sessions(fex, fex.attrs.pop("sessions", None))


def read_fex(path: Path | str) -> Fex:
    """Read a table written by :meth:`Fex.write` (CSV or Parquet)."""
    return _fex(tables.read_table(path))


def read_table(path: Path | str, pyfeat_version: str | None = None) -> Fex:
    """Read a table of any program known here; ``attrs["dialect"]`` says which."""
    return _fex(tables.read_any(path, pyfeat_version))


def read_feat(path: Path | str, pyfeat_version: str | None = None) -> Fex:
    """Read a table of py-feat; see :func:`genface.table.read_feat`."""
    return _fex(tables.read_feat(path, pyfeat_version))


def read_openface(path: Path | str, features: Sequence[str] | None = None) -> Fex:
    """Read a table of OpenFace 2; see :func:`genface.table.read_openface`."""
    return _fex(tables.read_openface(path, features))


def read_libreface(path: Path | str) -> Fex:
    """Read a table of LibreFace; see :func:`genface.table.read_libreface`."""
    return _fex(tables.read_libreface(path))


def read_mediapipe(
    source: Path | str | Iterable[Any], times: Sequence[float] | None = None
) -> Fex:
    """Read MediaPipe's blendshapes; see :func:`genface.table.read_mediapipe`."""
    return _fex(tables.read_mediapipe(source, times))
