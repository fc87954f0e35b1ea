"""Microseconds per row of compiled trees, beside scikit-learn in the same process, after comparing every bit.

python bench/trees.py [--rows 1 16 1000 20000] [--repeats 100] [--cold]

Every figure is the best of its repeats; scikit-learn uses all cores, the compiled trees one. Ratios carry over to other
machines, microseconds do not. `--cold` also compiles everything anew in a fresh process.
"""  # noqa: INP001 - run, never imported

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import sklearn
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from models import numbers, trees
from models.trees.walk import walk

Doubles = NDArray[np.float64]

FEATURES: Final = 29
TRAINED_ON: Final = 20_000
MISSING: Final = 0.05
SHAPES: Final = ((200, 8), (100, 31))
COLD: Final = (
    "import time; from models import trees; t = time.perf_counter(); trees.warm(); print(time.perf_counter() - t)"
)


def features(rows: int, seed: int) -> Doubles:
    """A third each of bell-shaped, long-tailed and counted, some missing."""
    chance = np.random.default_rng(seed)
    matrix = chance.normal(size=(rows, FEATURES))
    matrix[:, 1::3] = np.exp(2.0 * matrix[:, 1::3])
    matrix[:, 2::3] = chance.poisson(4.0, matrix[:, 2::3].shape)
    matrix[chance.random(matrix.shape) < MISSING] = np.nan
    return matrix


def model(iterations: int, leaves: int) -> HistGradientBoostingClassifier:
    matrix = features(TRAINED_ON, seed=1)
    signal = np.nan_to_num(matrix[:, 0] + np.log1p(matrix[:, 1]) + 0.2 * matrix[:, 2] * matrix[:, 3])
    fraud = signal + np.random.default_rng(2).normal(size=TRAINED_ON) > np.quantile(signal, 0.95)
    estimator = HistGradientBoostingClassifier(
        max_iter=iterations, max_leaf_nodes=leaves, early_stopping=False, random_state=0
    )
    return estimator.fit(matrix, fraud)


def best(repeats: int, call: Callable[[], object]) -> float:
    def once() -> float:
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    return min(once() for _ in range(repeats))


def line(name: str, seconds: float, rows: int, against: float) -> str:
    return f"    {name:38}{seconds / rows * 1e6:10.3f} µs/row{against / seconds:10.1f} x"


def report(estimator: Any, rows: int, repeats: int) -> list[str]:  # noqa: ANN401 scikit-learn has no types
    matrix, evaluator = features(rows, seed=3), trees.compile(estimator, FEATURES)
    theirs = best(max(5, repeats // 5), lambda: estimator.decision_function(matrix))
    proba = best(max(5, repeats // 5), lambda: estimator.predict_proba(matrix))
    margins = best(repeats, lambda: evaluator.margins(matrix))
    score = best(repeats, lambda: numbers.logistic(evaluator.margins(matrix)))
    return [
        f"  {rows:,} rows",
        line("scikit-learn decision_function", theirs, rows, theirs),
        line("compiled margins", margins, rows, theirs),
        line(
            "  of these: by walking", best(max(5, repeats // 5), lambda: walk(evaluator.forest, matrix)), rows, theirs
        ),
        line("scikit-learn predict_proba", proba, rows, proba),
        line("compiled margins and probability", score, rows, proba),
    ]


def loading(estimator: Any) -> str:  # noqa: ANN401 scikit-learn has no types
    evaluator, rows = trees.compile(estimator, FEATURES), features(1_000, seed=4)
    spent = {
        "check": best(3, lambda: trees.check(estimator)),
        "compile": best(3, lambda: trees.compile(estimator, FEATURES)),
        "parity": best(3, lambda: trees.parity(evaluator, estimator, rows)),
    }
    mismatch = trees.parity(evaluator, estimator, rows)
    times = ", ".join(f"{name} {seconds * 1e3:.0f} ms" for name, seconds in spent.items())
    return f"  {times}: {mismatch or 'every bit equal'}"


def cold() -> float:
    """Seconds of `warm()` with nothing on disk."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"NUMBA_CACHE_DIR": folder}
        done = subprocess.run([sys.executable, "-c", COLD], env=environment, check=True, capture_output=True, text=True)  # noqa: S603
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 16, 1_000, 20_000])
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--cold", action="store_true")
    options = parser.parse_args()
    say = sys.stdout.write
    say(f"Python {platform.python_version()}, scikit-learn {sklearn.__version__}, {os.cpu_count()} cores\n")
    if options.cold:
        say(f"warm() with nothing on disk: {cold():.1f} s\n")
    say(f"warm(): {best(1, trees.warm) + best(1, numbers.warm):.1f} s\n")
    for iterations, leaves in SHAPES:
        estimator = model(iterations, leaves)
        say(f"{iterations} trees of {leaves} leaves, {FEATURES} features\n{loading(estimator)}\n")
        for rows in options.rows:
            say("\n".join(report(estimator, rows, options.repeats)) + "\n")


if __name__ == "__main__":
    main()
