"""How many programs a sweep compiles, counted in a process of its own."""

import json
import os
import subprocess
import sys

import pytest

PROGRAM = """
import json, logging
import jax, numpy as np
from genface.behavior.sweep import sweep
from genface.compilation import quick_options

names = []
class Count(logging.Handler):
    def emit(self, record):
        if record.getMessage().startswith("Compiling "):
            names.append(record.getMessage().split(" ")[1])

quick_options()
jax.config.update("jax_log_compiles", True)
log = logging.getLogger("jax")
log.addHandler(Count())
log.propagate = False
X = np.round(np.random.default_rng(0).gamma(2.0, 10.0, (60, 3)))
counts = []
for seed in range(2):
    for settings in ({"folds": 3}, {"folds": None, "transmat_prior": 1.0}):
        names.clear()
        sweep(X, "poisson", range(2, 10), restarts=5, seed=seed, n_iter=20, **settings)
        counts.append(list(names))
print(json.dumps(counts))
"""


@pytest.mark.slow
def test_a_sweep_compiles_three_programs_and_a_second_none(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | {"GENFACE_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    folds, plain, *again = json.loads(done.stdout)
    assert 0 < len(folds) <= 3, folds
    assert 0 < len(plain) <= 3, plain
    assert again == [[], []]
