import json
import os
import subprocess
import sys

PROGRAM = """
import jax, json, os, sys
from genface.compilation import keep_compiled
keep_compiled()
jax.jit(lambda x: x * 2 + 1)(1.0).block_until_ready()
print(json.dumps([
    jax.config.jax_compilation_cache_dir,
    [name for _, _, files in os.walk(os.environ["GENFACE_CACHE"]) for name in files],
]))
"""


def run(cache, **environment):
    """(folder of the compilation cache, files below genface's) in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | {"GENFACE_CACHE": str(cache)} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_compiled_code_is_kept_below_the_cache(tmp_path):
    folder, files = run(tmp_path)
    assert folder.startswith(str(tmp_path / "xla")) and files


def test_the_users_own_choice_stands(tmp_path):
    own = str(tmp_path / "own")
    cache = tmp_path / "cache"
    assert run(cache, JAX_COMPILATION_CACHE_DIR=own) == [own, []]


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path):
    (tmp_path / "xla").write_text("in the way")
    assert run(tmp_path)[0] is None
