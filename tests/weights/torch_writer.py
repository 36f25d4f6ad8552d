"""Files of torch.save, and ones that mean harm, written without torch."""

import io
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np


class Called:
    """Pickles as a call."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


class Storage:
    def __init__(self, kind, key, count):
        self.identity = ("storage", kind, key, "cpu", count)


def stub(module, name):
    """A function that pickles as ``module.name``."""

    def function(*_):
        raise AssertionError("called")

    function.__module__, function.__qualname__, function.__name__ = module, name, name
    return function


FLOATS = stub("torch", "FloatStorage")
REBUILD = stub("torch._utils", "_rebuild_tensor_v2")


def tensor(key="0", count=24, start=0, shape=(4, 6), strides=(6, 1), kind=FLOATS):
    storage = Storage(kind, key, count)
    return Called(REBUILD, storage, start, shape, strides, False, OrderedDict())


class Pickler(pickle._Pickler):
    """Writes persistent ids for storages and globals without importing them."""

    def persistent_id(self, obj):
        return obj.identity if isinstance(obj, Storage) else None

    def save_global(self, obj, name=None):
        self.write(f"c{obj.__module__}\n{obj.__qualname__}\n".encode())
        self.memoize(obj)

    dispatch = dict(pickle._Pickler.dispatch)
    dispatch[type(stub)] = save_global
    dispatch[type] = save_global


def pickled(content, protocol=2):
    stream = io.BytesIO()
    Pickler(stream, protocol).dump(content)
    return stream.getvalue()


def zipped(path, content, storages, compression=zipfile.ZIP_STORED):
    """An archive of a pickle, as it is or to be made, and of numbers by storage."""
    content = content if isinstance(content, bytes) else pickled(content)
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("archive/data.pkl", content)
        archive.writestr("archive/byteorder", "little")
        for key, numbers in storages.items():
            archive.writestr(f"archive/data/{key}", numbers)
    return path


def write_torch(path: Path, arrays: dict[str, np.ndarray], key: str | None = None):
    """What ``torch.save({key: arrays})`` writes, or of the arrays alone."""
    storages, tensors = {}, OrderedDict()
    for name, array in arrays.items():
        kind = "LongStorage" if array.dtype == np.int64 else "FloatStorage"
        place = str(len(storages))
        storages[place] = np.ascontiguousarray(array).tobytes()
        steps = np.zeros(array.shape, array.dtype).strides
        steps = [step // array.itemsize for step in steps]
        tensors[name] = tensor(
            place, array.size, 0, array.shape, tuple(steps), stub("torch", kind)
        )
    return zipped(path, {"epoch": 3, key: tensors} if key else tensors, storages)
