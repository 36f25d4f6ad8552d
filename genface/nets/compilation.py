"""Keep compiled networks on disk, so that the next process starts quickly."""

import os
import platform
from hashlib import sha256
from pathlib import Path

import jax

from genface.weights.cache import cache_dir


def keep_compiled() -> None:
    """Turn on JAX's persistent compilation cache, unless the user has set one up.

    Compiled code goes to ``xla`` in the cache folder, however short it took to make;
    where that cannot be written, nothing is kept.
    """
    if getattr(jax.config, "jax_compilation_cache_dir", None) is not None:
        return
    folder = cache_dir() / "xla" / _processor()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    if not os.access(folder, os.W_OK):
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def _processor() -> str:
    """A short name for this kind of processor; code for another may crash on it.

    JAX's own keys leave the instruction set out, and home folders are shared.
    """
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        lines = []
    flags = [line for line in lines if line.startswith(("flags", "Features"))]
    facts = [platform.machine(), platform.processor(), *flags[:1]]
    return sha256("\n".join(facts).encode()).hexdigest()[:8]
