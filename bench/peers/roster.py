"""Who takes part, how each is started, and what its outputs are.

A peer is started with the settings that suit the figure: those of throughput wait a little to fill batches, those of
latency do not wait.
"""  # noqa: INP001

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.peers import environments
from bench.peers.environments import CACHE, HERE, ROOT

EXACTLY, AT_LEAST = "exactly-once", "at-least-once"
DECISION_BYTES: Final = 525
"""Of a decision on one of these transactions, on average."""
OUTPUTS, POSITIONS = "outputs", "positions"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run takes place."""

    bootstrap: str
    redis: str
    topic: str
    out: str
    group: str
    folder: Path
    material: Path
    tuned: str = "throughput"
    lot: int | None = None


@dataclass(frozen=True, slots=True)
class Peer:
    name: str
    title: str
    does: str
    """In which settings, for the reader of the report."""
    environment: str | None = "loops"
    script: str = ""
    guarantee: str = AT_LEAST
    measured: str = OUTPUTS
    """Whether every event has an output, or throughput follows from the group's positions."""
    job: bool = True
    """Whether its scores are those of the one job."""
    workers: int = 0
    """Of the product."""
    given: tuple[str, ...] = ()
    lot: int | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_product(self) -> bool:
        return self.workers > 0

    def why_not(self) -> str | None:
        """None where it can start."""
        if self.environment is None or environments.is_ready(self.environment):
            return None
        return environments.why_not(self.environment)

    def command(self, at: Place) -> list[str]:
        common = {
            "bootstrap": at.bootstrap,
            "topic": at.topic,
            "out": at.out,
            "group": at.group,
            "material": str(at.material),
            "folder": str(at.folder),
            "guarantee": self.guarantee,
            "tuned": at.tuned,
        }
        lot = at.lot or self.lot
        given = [*self.given, *(("--lot", str(lot)) if lot else ())]
        options = [word for name, value in common.items() for word in (f"--{name}", value)]
        if self.script.endswith(".java"):
            return [*_java(self.environment or ""), *options, *given]
        return [str(environments.python(self.environment or "")), str(HERE / self.script), *options, *given]


def _java(name: str) -> list[str]:
    from fraudstream.local import java  # noqa: PLC0415 - the broker's own runtime, so that none has a newer one

    flags = ("-Xms512m", "-Xmx1g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
    contract = ROOT / "schemas" / "avro" / "transaction-v1.avsc"
    return [str(java.find()), *flags, "-cp", environments.class_path(name), "Streams", "--contract", str(contract)]


def variables(peer: Peer) -> dict[str, str]:
    """One thread for OpenMP, on all peers alike: the broker needs the other core."""
    usual = {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    return {**os.environ, **usual, **peer.variables}


PEERS: Final = (
    Peer(
        "pass-through",
        "bare confluent-kafka, no job",
        "lots of 20,000, offsets committed every second",
        script="pass_through.py",
        job=False,
        lot=20_000,
    ),
    Peer(
        "pass-through-tx",
        "bare confluent-kafka, no job",
        "a transaction for each lot of at most 20,000",
        script="pass_through.py",
        guarantee=EXACTLY,
        job=False,
        lot=20_000,
    ),
    Peer(
        "pass-through-large",
        "bare confluent-kafka, no job",
        f"a transaction for each lot of at most 20,000; records go out with {DECISION_BYTES} bytes, as decisions",
        script="pass_through.py",
        guarantee=EXACTLY,
        job=False,
        lot=20_000,
        given=("--bytes", str(DECISION_BYTES)),
    ),
    Peer("per-record", "plain loop, record by record", "fastavro, predict_proba of one row", script="per_record.py"),
    Peer("batches", "tuned Python loop", "lots of 1,000, fastavro, one predict_proba a lot", script="batches.py"),
    Peer(
        "batches-tx",
        "tuned Python loop",
        "a transaction for each lot of 1,000",
        script="batches.py",
        guarantee=EXACTLY,
    ),
    Peer(
        "streams-eos",
        "Kafka Streams 4.3.1",
        "RocksDB, changelog, 2 threads, exactly_once_v2, commits every 100 ms (its default)",
        "streams",
        "Streams.java",
        EXACTLY,
    ),
    Peer(
        "streams",
        "Kafka Streams 4.3.1",
        "RocksDB, changelog, 2 threads, commit interval 30 s (its default)",
        "streams",
        "Streams.java",
    ),
    Peer(
        "quix",
        "Quix Streams 3.28",
        "stateful apply, RocksDB, changelog, commit interval 5 s (its default)",
        "quix",
        "quix.py",
    ),
    Peer(
        "quix-eos",
        "Quix Streams 3.28",
        "the same, a transaction every second (100 ms where latency is measured)",
        "quix",
        "quix.py",
        EXACTLY,
    ),
    Peer("faststream", "FastStream 0.7", "Confluent broker, one handler for each message", "faststream", "fast.py"),
    Peer(
        "faststream-batch",
        "FastStream 0.7",
        "batch=True, lots of at most 1,000",
        "faststream",
        "fast.py",
        given=("--batch", "1000"),
    ),
    Peer(
        "flink",
        "PyFlink 2.2",
        "keyed process function, RocksDB, a checkpoint every second, parallelism 2",
        "flink",
        "flink.py",
        variables={
            "FLINK_JARS": str(CACHE / "flink" / "jars"),
            "FLINK_PYTHON": str(environments.python("flink")),
            "PYTHONPATH": str(HERE),
        },
    ),
    Peer("spark", "Spark Structured Streaming", "its Kafka connector could not be installed", "spark"),
    *(
        Peer(
            f"product-job-{workers}",
            "the product's worker on the job",
            f"its client, decoder, state with snapshots and trees, {workers} process{'es' * (workers > 1)}",
            None,
            "ours.py",
            EXACTLY,
            workers=workers,
            settings={"output.scores": "true", "score.delivery": "exactly_once"},
        )
        for workers in (1, 2)
    ),
    *(
        Peer(
            f"product-{kind}-{workers}",
            "fraudstream score",
            f"{said}, all its features, rules, reasons and churn, {workers} worker{'s' * (workers > 1)}",
            None,
            guarantee=guarantee,
            measured=POSITIONS if kind == "flags" else OUTPUTS,
            job=False,
            workers=workers,
            settings={"output.scores": str(kind != "flags").lower(), "score.delivery": guarantee.replace("-", "_")},
        )
        for kind, said, guarantee, workers in (
            ("flags", "flags only", EXACTLY, 1),
            ("flags", "flags only", EXACTLY, 2),
            ("every", "every decision written", EXACTLY, 1),
            ("every", "every decision written", EXACTLY, 2),
            ("every-alo", "every decision written", AT_LEAST, 1),
        )
    ),
)
QUICK: Final = ("pass-through-tx", "batches-tx", "streams-eos", "product-job-1", "product-flags-1")


def named(names: list[str]) -> list[Peer]:
    """In the order of the roster; a name may be the beginning of several."""
    unknown = [each for each in names if not any(peer.name.startswith(each) for peer in PEERS)]
    if unknown:
        sys.exit(f"no peer is called {', '.join(unknown)}; there are {', '.join(peer.name for peer in PEERS)}")
    exact = {peer.name for peer in PEERS} & set(names)
    begun = tuple(each for each in names if each not in exact)
    return [peer for peer in PEERS if peer.name in exact or (begun and peer.name.startswith(begun))]
