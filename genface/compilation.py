"""Keep compiled programs on disk, so that the next process starts quickly."""

import functools
import os
import platform
from hashlib import sha256
from pathlib import Path

import jax

from genface.files import cache_dir


@functools.cache
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


@functools.cache
def quick_options() -> dict[str, bool | int]:
    """Compiler options that halve XLA's time on a CPU; none where it has not got them.

    They leave out LLVM's dearest passes and the newer code generator, which do not pay
    for programs that run for seconds.
    """
    return _known(
        {
            "xla_backend_optimization_level": 1,
            "xla_cpu_use_fusion_emitters": False,
        }
    )


@functools.cache
def wide_options() -> dict[str, bool | int]:
    """Compiler options for the widest vectors of the CPU; none where XLA has not any.

    Half of them, its choice, make the sums and functions of networks a third slower.
    """
    return _known({"xla_cpu_prefer_vector_width": 512})


def _known(options: dict[str, bool | int]) -> dict[str, bool | int]:
    try:
        jax.jit(lambda: 0, compiler_options=options)()
    except (jax.errors.JaxRuntimeError, ValueError):
        return {}
    return options


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
