import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = """
import sys
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from models import trees

trees.warm()
chance = np.random.default_rng(0)
rows = chance.normal(size=(400, 4))
rows[chance.random(rows.shape) < 0.1] = np.nan
fraud = np.nan_to_num(rows[:, 0]) > 0.3
for leaves in (8, 31, 64):
    settings = {"max_iter": 4, "max_leaf_nodes": leaves, "min_samples_leaf": 2, "early_stopping": False}
    estimator = HistGradientBoostingClassifier(**settings).fit(rows, fraud)
    evaluator = trees.compile(estimator, 4)
    assert trees.parity(evaluator, estimator, rows) is None
    print(evaluator.margins(rows).tobytes().hex())
"""


def _run(more: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | more,
        check=True,
        capture_output=True,
        text=True,
        timeout=200,
    )
    return done.stdout


def test_plain_python_gives_the_same_bits() -> None:
    """Without a compiler it is slower, not different, and warns of nothing."""
    plain = _run({"NUMBA_DISABLE_JIT": "1"})
    assert plain == _run({})
    assert len(plain.splitlines()) == 3
