"""Makes the material of the benchmark: simulates, trains, computes the scores expected.

python bench/making.py [--events 500000] FOLDER
"""  # noqa: INP001

import argparse
import json
import pickle
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from sklearn.ensemble import HistGradientBoostingClassifier

from bench.material import (
    ABOUT,
    ARRAYS,
    DAY_MS,
    DAYS,
    ID_BYTES,
    ID_DIGITS,
    MODEL,
    TIME_BYTES,
    TREES_FILE,
    event_id,
    zigzag,
)
from bench.peers.job import FEATURES, HEADER, Windows, decoder, features
from producer.population import Population
from producer.records import transactions
from producer.simulate import Simulation
from schemas.contracts import TRANSACTION
from schemas.encoding import encoder
from schemas.framing import Framing

EVENTS: Final = 500_000
CUSTOMERS: Final = 20_000
SEED: Final = 5
START_MS: Final = 1_767_225_600_000
TREES, LEAVES = 100, 31
TAUGHT: Final = 200_000
CHECKED: Final = 200_000
"""So many of the first events have an expected score."""


def needed(folder: Path) -> bool:
    """Also where it was made otherwise."""
    return not (folder / ABOUT).exists() or json.loads((folder / ABOUT).read_text()).get("days") != DAYS


def simulated(events: int) -> tuple[list[dict[str, Any]], np.ndarray]:
    """Rows in order of event time within so many days, and which are fraud."""
    end = START_MS + DAYS * DAY_MS
    simulation = Simulation(Population.of(CUSTOMERS, seed=SEED), SEED, START_MS, per_day=events // DAYS)
    batches, frauds = [], []
    for step in simulation.steps(days=DAYS, labelled=False):
        within = (~step.deliveries.again) & (step.deliveries.event_time < end)
        within &= step.deliveries.event_time >= START_MS
        batches.append(transactions(simulation, step.deliveries).filter(pa.array(within)))
        frauds.append(step.deliveries.scenario[within] > 0)
    rows = pa.Table.from_batches(batches)
    order = np.argsort(rows["event_time"].cast(pa.int64()).to_numpy(), kind="stable")
    known = {field["name"] for field in TRANSACTION.schema["fields"]}
    taken = rows.select([name for name in rows.column_names if name in known]).take(pa.array(order))
    return taken.to_pylist(), np.concatenate(frauds)[order]


def make(folder: Path, events: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows, fraud = simulated(events)
    encode = encoder(TRANSACTION, Framing.SINGLE_OBJECT, lambda _: 0)
    decode, windows = decoder(), Windows()
    keys, tails, times, matrix = [], [], [], []
    for number, row in enumerate(rows):
        value = encode(row | {"event_id": event_id(number).decode()})
        plain = decode(value)
        at = plain["event_time"]
        skip = HEADER + len(ID_BYTES) + 1 + ID_DIGITS
        if value[skip : skip + TIME_BYTES] != zigzag(at):
            raise AssertionError(f"the contract does not begin with event_id and event_time: {value!r}")
        keys.append(plain["card_id"].encode())
        tails.append(value[skip + TIME_BYTES :])
        times.append(at)
        matrix.append(features(plain, *windows.add(plain["card_id"], at, plain["amount_minor"])))
    table = np.array(matrix)
    estimator = HistGradientBoostingClassifier(
        max_iter=TREES, max_leaf_nodes=LEAVES, early_stopping=False, random_state=SEED
    ).fit(table[:TAUGHT], fraud[:TAUGHT])
    np.savez(
        folder / ARRAYS,
        keys=np.frombuffer(b"".join(keys), np.uint8),
        key_ends=np.cumsum([len(each) for each in keys]),
        tails=np.frombuffer(b"".join(tails), np.uint8),
        tail_ends=np.cumsum([len(each) for each in tails]),
        times=np.array(times),
        expected=estimator.predict_proba(table[:CHECKED])[:, 1],
        header=np.frombuffer(value[:HEADER], np.uint8),
    )
    (folder / MODEL).write_bytes(pickle.dumps(estimator))
    (folder / TREES_FILE).write_text(json.dumps(exported(estimator)))
    about = {
        "events": len(rows),
        "cards": len(set(keys)),
        "days": DAYS,
        "features": FEATURES,
        "frauds": int(fraud.sum()),
    }
    about |= {"leaves": [int(tree[0].nodes["is_leaf"].sum()) for tree in estimator._predictors]}  # noqa: SLF001
    about |= {"most_in_an_hour": float(table[:, 11].max()), "mean_in_an_hour": float(table[:, 11].mean())}
    about |= {"bytes": float(np.mean([len(each) for each in tails])) + HEADER + len(ID_BYTES) + 1 + ID_DIGITS + 6}
    (folder / ABOUT).write_text(json.dumps(about))


def exported(estimator: HistGradientBoostingClassifier) -> dict[str, Any]:
    """The trees in plain numbers: of each node feature, threshold, left, right, or the value of a leaf."""
    nodes = [tree[0].nodes for tree in estimator._predictors]  # noqa: SLF001
    return {
        "baseline": float(estimator._baseline_prediction.ravel()[0]),  # noqa: SLF001
        "trees": [
            {
                "feature": [
                    -1 if leaf else int(at) for leaf, at in zip(tree["is_leaf"], tree["feature_idx"], strict=True)
                ],
                "threshold": tree["num_threshold"].tolist(),
                "left": tree["left"].tolist(),
                "right": tree["right"].tolist(),
                "value": tree["value"].tolist(),
            }
            for tree in nodes
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--events", type=int, default=EVENTS)
    given = parser.parse_args()
    make(given.folder, given.events)
    sys.stdout.write((given.folder / ABOUT).read_text() + "\n")


if __name__ == "__main__":
    main()
