"""Microseconds per event of each stage between a fetched message and a record that is handed to the client.

python bench/stages.py [--rows 1 10 100 1000 10000] [--cards 20000] [--entries 30] [--lots 30] [--json]

Every stage is the product's own function, on the outcome of the one before. Time is that of this process's processor;
figures are medians over lots. Lines that are further in are parts of the line above them. The whole is measured by
itself, on other lots, and holds what lies between the stages too; so is the job of the benchmark with peers, with trees
of the same size. Ratios carry over to other machines, microseconds do
not.
"""  # noqa: INP001 - run, never imported

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any, Final

import numba
import numpy as np
import pyarrow as pa
import structlog
from confluent_kafka import Producer, libversion
from sklearn.ensemble import HistGradientBoostingClassifier

from bench.features import yardstick
from bench.in_memory import TOPIC, TOPICS, Remembering, World, world
from bench.making import LEAVES, SEED, TREES
from bench.peers.job import FEATURES as OF_THE_JOB
from bench.peers.our_job import Job, Windows
from consumer.decisions import Desk
from consumer.epochs import Circumstances
from consumer.judged import Judged
from consumer.lots import Fetched, Pending
from consumer.scoring import Scorer, tally
from consumer.sending import send
from models import rules, trees
from models.features import features
from models.memory import Sight
from models.numbers import logistic
from models.policies.reasons import joined
from models.policy import Outcome
from models.rules import Status
from schemas.contracts import TRANSACTION
from schemas.framing import Framing
from schemas.lot.assemble import Coordinates, checked
from schemas.lot.avro import Avro
from schemas.lot.buffers import numbers
from schemas.lot.columns import Columns
from schemas.lot.frames import frames
from schemas.topics import Role

ROWS: Final = (1, 10, 100, 1_000, 10_000)
FLAGS, EVERY = "flags only", "every decision"
WHOLE: Final = "decode to encode, "
JOB: Final = "the job of the peers"
TAUGHT: Final = 20_000
KINDS: Final = 4
"""Of what is done with lots, one after the other."""
STAGES: Final = {
    "decode": 0,
    "check": 1,
    "fold": 0,
    "labels": 0,
    "features": 0,
    "enrich": 0,
    "decide": 0,
    "rules": 1,
    "score": 1,
    "reasons": 1,
    "watch": 0,
    "tally": 0,
    f"encode, {FLAGS}": 0,
    f"encode, {EVERY}": 0,
    f"hand over, {EVERY}": 0,
    f"{WHOLE}{FLAGS}": 0,
    f"{WHOLE}{EVERY}": 0,
    f"{WHOLE}{JOB}": 0,
}
"""In the order of the page, and how far in."""
AVRO: Final = Avro(TRANSACTION.schema, TRANSACTION.schema, Columns(TRANSACTION.schema))
Spent = dict[str, list[float]]


def desk(*, every: bool) -> Desk:
    scores = TOPICS[Role.SCORES] if every else None
    return Desk.of(TOPICS[Role.FLAGS], scores, Framing.SINGLE_OBJECT)


class Clock:
    """What calls take, by stage."""

    def __init__(self) -> None:
        self.spent: Spent = {name: [] for name in STAGES}

    def __call__(self, name: str, call: Callable[[], Any]) -> Any:  # noqa: ANN401
        start = time.thread_time()
        found = call()
        self.spent[name].append(time.thread_time() - start)
        return found


def through(on: World, fetched: Fetched, clock: Clock, desks: dict[str, Desk], client: Producer) -> None:
    """One lot, stage by stage, as `Scorer.score` and `Memory.see` go."""
    memory, decider, raw = on.memory, on.decider, fetched.raw
    lot = clock("decode", lambda: on.decoder.decode(raw))
    framed = frames(raw.values, raw.keys)
    part = AVRO.read(framed.data, framed.groups[0].starts, framed.groups[0].ends)
    coordinates = Coordinates(raw.partition, raw.offset, raw.timestamp, framed.keys)
    schema, checks = AVRO.columns.lot, on.decoder._checks  # noqa: SLF001
    clock("check", lambda: checked(part, coordinates, schema, checks))
    facts = clock("fold", lambda: memory.cards.fold(lot.rows))
    answers = clock("labels", lambda: memory.labels.answers(facts.card, facts.terminal, facts.at))
    matrix = clock("features", lambda: features(facts, answers, memory.places))
    sight = Sight(facts.card, facts.at, facts.amount, numbers(lot.rows["marks"]) | facts.marks, matrix)
    churn = clock("enrich", lambda: on.churn.look_up(lot.rows["customer_id"], sight.at))
    decided = clock("decide", lambda: decider.decide(lot.rows, sight, churn))
    _parts_of_deciding(decider, sight, decided, clock)
    clock("watch", lambda: on.drifting.add(decider, sight, decided))
    judged = Judged(fetched, lot, sight, decided, churn)
    now = Circumstances(decider.model, decider.policy, decider.feature_version, churn.generation, ())
    clock("tally", lambda: tally(judged, now))
    for name, each in desks.items():
        records = clock(f"encode, {name}", lambda each=each: each.records(judged, now, lambda _: 0, 1_700_000_000_000))
    pending = Pending(records, fetched.spans)
    clock(f"hand over, {EVERY}", lambda: send(client, pending))
    client.purge()
    client.poll(0)


def _parts_of_deciding(decider: Any, sight: Sight, decided: Any, clock: Clock) -> None:  # noqa: ANN401
    matrix = sight.features
    statuses = clock("rules", lambda: rules.statuses(matrix, decider.limits, decider.lists.snoozes, sight.at))
    hits = statuses == Status.HIT
    clock("score", lambda: logistic(decider.mind.margins(matrix, hits)))
    flagged = np.flatnonzero(decided.outcome != Outcome.APPROVE)
    owed = np.ones(len(flagged), np.bool_)

    def reasons() -> None:
        codes = decider.mind.codes(matrix[flagged], hits[flagged], owed)
        [joined(each, statuses[row], 0) for row, each in zip(flagged.tolist(), codes, strict=True)]

    clock("reasons", reasons)


def whole(fetched: Fetched, clock: Clock, name: str, scorer: Scorer | Job) -> None:
    clock(f"{WHOLE}{name}", lambda: scorer.score(fetched))


def job(on: World) -> Job:
    """Its trees have learned nothing worth knowing."""
    some = np.random.default_rng(SEED)
    matrix = some.normal(size=(TAUGHT, len(OF_THE_JOB))) * 100
    known = matrix[:, 0] + some.normal(size=TAUGHT) * 50 > 0
    boosting = HistGradientBoostingClassifier(
        max_iter=TREES, max_leaf_nodes=LEAVES, early_stopping=False, random_state=SEED
    ).fit(matrix, known)
    remembering: Any = Remembering(Windows(on.memory.cards, on.memory.labels, on.memory.places))
    return Job(replace(on.scorer(desk(every=True)), state=remembering), trees.compile(boosting, len(OF_THE_JOB)), TOPIC)


def measured(on: World, size: int, lots: int) -> dict[str, float]:
    """Microseconds per event, by stage."""
    clock, desks = Clock(), {FLAGS: desk(every=False), EVERY: desk(every=True)}
    scorers: dict[str, Any] = {name: on.scorer(each) for name, each in desks.items()} | {JOB: job(on)}
    quiet: dict[str, Any] = {"log_level": 0, "queue.buffering.max.kbytes": 1_000_000}
    client = Producer(quiet)
    for number, fetched in enumerate(on.lots(size, KINDS * (lots + 1))):
        if number == KINDS:  # one lot each went before, unmeasured
            clock.spent = {name: [] for name in STAGES}
        kind = number % KINDS
        if kind == len(scorers):
            through(on, fetched, clock, desks, client)
        else:
            name = list(scorers)[kind]
            whole(fetched, clock, name, scorers[name])
    return {name: median(each) / size * 1e6 for name, each in clock.spent.items() if each}


def machine() -> dict[str, Any]:
    told = (line.partition(":") for line in Path("/proc/cpuinfo").read_text().splitlines())
    model = next((value.strip() for name, _, value in told if name.strip() == "model name"), platform.machine())
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "pyarrow": pa.__version__,
        "librdkafka": libversion()[0],
        "nanoseconds_per_step_of_a_sum": round(yardstick() * 1e9, 3),
    }


def table(found: dict[int, dict[str, float]]) -> str:
    head = f"{'microseconds per event, lots of':40}" + "".join(f"{size:>10,}" for size in found)
    lines = [
        f"{'  ' * depth + name:40}" + "".join(f"{each.get(name, float('nan')):10.3f}" for each in found.values())
        for name, depth in STAGES.items()
    ]
    return "\n".join([head, *lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS)
    parser.add_argument("--cards", type=int, default=20_000)
    parser.add_argument("--entries", type=int, default=30)
    parser.add_argument("--lots", type=int, default=30, help="of each size, at most; fewer of more than 1,000 rows")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    counts = {size: max(min(options.lots, 30_000 // size), 3) for size in options.rows}
    future = sum(size * (KINDS * (lots + 1)) for size, lots in counts.items())
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        on = world(Path(folder), options.cards, options.entries, future)
        found = {size: measured(on, size, lots) for size, lots in counts.items()}
    said = machine() | {"cards": options.cards, "entries": options.entries, "topic": TOPIC}
    if options.json:
        sys.stdout.write(json.dumps({"machine": said, "microseconds_per_event": found}, indent=2) + "\n")
    else:
        sys.stdout.write(", ".join(f"{name} {each}" for name, each in said.items()) + "\n" + table(found))


if __name__ == "__main__":
    main()
