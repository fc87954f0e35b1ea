"""The nightly run on a real Spark of this machine: what one process makes, to the last byte."""

import json
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from redis import Redis
from support.churners import made, people
from support.forked import Forked
from support.registered import BY
from support.spark_parts import DiesOnce, connected, dies_after_writing, taken_over

from batch.history.files import found
from batch.nightly import prepare
from batch.nightly.archive import Archive
from batch.nightly.run import Asked, Outcome, Run
from batch.nightly.source import Source
from batch.spark import reader as readers
from batch.spark.engine import Spark
from batch.spark.reader import Reader, Shipped
from batch.spark.session import Session, session
from fraudstream import nightly_engine
from fraudstream.local import java
from fraudstream.local.running import Servers
from fraudstream.nightly_engine import installed, options
from models.artefact.load import load
from models.artefact.write import write
from models.churn.parts import parts
from schemas.churn import Keys
from schemas.errors import DependencyAway, Misconfigured, RestartMe, Usage
from schemas.settings.nightly import Nightly

DAY = datetime(2026, 11, 20, tzinfo=UTC)
LATER = datetime(2026, 11, 21, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with session("local[2,3]", {}, java.find("Spark"), tmp_path_factory.mktemp("spark")) as running:
        yield running


class Night:
    """One input, published by either engine into keys of its own."""

    def __init__(self, spark: Session, url: str, folder: Path) -> None:
        self.spark, self.url, self.folder = spark, url, folder

    def local(self, source: Source) -> tuple[Outcome, dict[str, Any]]:
        return self._run("local", source, prepare.prepare, self._keys())

    def spread(
        self, reader: Reader, source: Source, connect: Callable[[], Redis] | None = None, keys: Keys | None = None
    ) -> tuple[Outcome, dict[str, Any]]:
        keys = keys or self._keys()

        def opened(_: ExitStack) -> Session:
            return self.spark

        with Spark(reader, connect or partial(connected, self.url), keys, opened) as engine:
            return self._run("spark", source, engine.prepare, keys)

    def _keys(self) -> Keys:
        return Keys(f"spark-{uuid.uuid4().hex}:")

    def _run(self, name: str, source: Source, prepared: Any, keys: Keys) -> tuple[Outcome, dict[str, Any]]:
        folder = self.folder / name
        terms = Nightly(work=folder / "work", max_rejected=1, max_duplicates=1)
        with connected(self.url) as redis:
            run = Run(redis, keys, terms, Archive(str(folder)), prepare=prepared, now=lambda: LATER)
            outcome = run(Asked(source, "m", "d", DAY, folder / "rejects.jsonl"))
            return outcome, self._all(redis, keys, folder, outcome)

    def _all(self, redis: Any, keys: Keys, folder: Path, outcome: Outcome) -> dict[str, Any]:
        """Every byte of the generation in Redis, in the archive and among the rejects."""
        name, meta = outcome.meta.generation, outcome.meta
        made: dict[str, Any] = {"meta": redis.hgetall(keys.meta(name))}
        made |= {"buckets": [list(redis.hgetall(keys.bucket(name, n)).items()) for n in range(meta.rule.buckets or 99)]}
        made |= {"chunks": [redis.get(keys.chunk(name, number)) for number in range(meta.chunks)]}
        made |= {"count": len(list(redis.scan_iter(f"{keys.prefix}*", count=10_000)))}
        made |= {"archive": (folder / "churn" / f"{name}.churn").read_bytes()}
        rejects = folder / "rejects.jsonl"
        return made | {"rejects": rejects.read_text() if rejects.exists() else "", "counted": outcome.counted}


@pytest.fixture
def night(spark: Session, services: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    """Few rows are many ranges."""
    monkeypatch.setattr(prepare, "RANGES", 4)
    monkeypatch.setattr(prepare, "RANGE_ROWS", 500)
    monkeypatch.setattr(readers, "PART_ROWS", 300)
    return Night(spark, services.redis_url, tmp_path)


@pytest.fixture
def scores(tmp_path: Path) -> Source:
    """Three files, with rows of customers who were there before, without an id and without a score."""
    folder = tmp_path / "scores"
    folder.mkdir()
    for number in range(3):
        rows = [f"{each},0.{each * 37 % 1_000:03d}" for each in range(number * 500 + 1, number * 500 + 600)]
        (folder / f"{number}.csv").write_text("customer_id,score\n" + "\n".join([*rows, ",.5", f"{number},x"]) + "\n")
    return Reader("customer_id").source(found([str(folder)]))


def test_scores_of_files_are_published_alike(night: Night, scores: Source) -> None:
    """Ids that fill their buckets; duplicates across files and rejects are found as by one process, in its order."""
    outcome, whole = night.local(scores)
    spread, same = night.spread(Reader("customer_id"), scores)
    assert same == whole
    assert outcome.meta == spread.meta
    assert outcome.meta.rule.name == "dense"
    reasons = [json.loads(line)["reason"] for line in whole["rejects"].splitlines()]
    assert (reasons.count("duplicate_id"), reasons.count("missing_field"), reasons.count("no_score")) == (198, 3, 3)


def test_a_model_scores_alike(night: Night, tmp_path: Path) -> None:
    """It travels as bytes and is believed by its digest; a Parquet file is cut by its row groups."""
    done = made("trees")
    write(parts(done.candidate, done.report, None, "nothing", BY.at), tmp_path / "model")
    model = load(tmp_path / "model").churn
    assert model is not None
    path = tmp_path / "customers.parquet"
    rows = pa.Table.from_batches([people().rows.slice(0, 1_100)])
    names = pa.array([f"{number:04d}-VHVEG" for number in range(len(rows))])
    at = rows.schema.get_field_index("customer_id")
    pq.write_table(rows.set_column(at, "customer_id", names), path, row_group_size=200)
    shipped = Shipped.of(tmp_path / "model", (), model.digest)
    reader = Reader("customer_id", shipped)
    assert len(readers.parts(found([str(path)]))) == 3
    source = reader.source(found([str(path)]))
    outcome, whole = night.local(source)
    assert night.spread(reader, source)[1] == whole
    assert (outcome.meta.rule.name, outcome.meta.rows) == ("crc32", 1_100)
    with pytest.raises(Misconfigured, match="the model that arrived has the digest"):
        night.spread(Reader("customer_id", replace(shipped, digest="another")), source)


def test_a_task_that_dies_is_run_again(night: Night, scores: Source, tmp_path: Path) -> None:
    """One that reads, and one whose buckets are written already: what is published is the same."""
    whole = night.local(scores)[1]
    connect = partial(dies_after_writing, night.url, tmp_path / "wrote")
    same = night.spread(DiesOnce("customer_id", None, tmp_path / "read"), scores, connect)[1]
    assert same == whole
    assert (tmp_path / "wrote").exists()
    assert (tmp_path / "read").exists()


def test_a_file_that_cannot_be_read_is_named(night: Night, tmp_path: Path) -> None:
    """As by one process, and nothing is published."""
    folder = tmp_path / "broken"
    folder.mkdir()
    pq.write_table(pa.table({"customer_id": ["1"], "score": [0.5]}), folder / "a.parquet")
    (folder / "b.parquet").write_bytes(b"PAR1 or not")
    source = Reader("customer_id").source(found([str(folder)]))
    with pytest.raises(Usage) as alone:
        night.local(source)
    with pytest.raises(Usage, match=r"b\.parquet cannot be read") as spread:
        night.spread(Reader("customer_id"), source)
    assert str(spread.value) == str(alone.value)


def test_nothing_is_written_into_what_another_has_claimed(night: Night, scores: Source) -> None:
    """The tasks see its fence number; nothing goes live."""
    keys = Keys(f"spark-{uuid.uuid4().hex}:")
    with pytest.raises(Misconfigured, match="another publisher took it over"):
        night.spread(Reader("customer_id"), scores, partial(taken_over, night.url, keys), keys)
    with connected(night.url) as client:
        names = {
            name.decode().removeprefix(keys.prefix).partition(":")[0] for name in client.scan_iter(f"{keys.prefix}*")
        }
    assert names == {"meta", "fence", "log"}


def test_a_redis_that_is_away_is_said(night: Night, scores: Source) -> None:
    """By the driver, in the words of any command, after Spark has tried again."""
    with pytest.raises(DependencyAway, match="Redis does not answer"):
        night.spread(Reader("customer_id"), scores, partial(connected, "redis://127.0.0.1:1/0"))


def test_who_may_not_go_on_stops_the_tasks(spark: Session) -> None:
    """They do not run to their end."""

    def slow(batches: Any) -> Any:
        time.sleep(30)
        yield from batches

    def watch() -> None:
        raise RestartMe("the lock was lost")

    began = time.monotonic()
    with pytest.raises(RestartMe, match="the lock was lost"):
        spark.collect(spark.numbers(2).mapInArrow(slow, "id long"), watch)
    assert time.monotonic() - began < 20


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the name of the extra, or what to do for a Java."""
    monkeypatch.setattr(java, "_candidates", lambda: [("PATH", None)])
    with pytest.raises(DependencyAway, match="Spark needs Java 17 or newer"):
        java.find("Spark")
    monkeypatch.setattr(nightly_engine, "find_spec", lambda _: None)
    with pytest.raises(DependencyAway, match="needs pyspark") as error:
        installed()
    assert "fraudstream[spark]" in error.value.fix


@pytest.mark.parametrize("word", ["executor.memory=4g", "spark.executor.memory", "=4g"])
def test_an_option_that_is_none_of_sparks_is_refused(word: str) -> None:
    """Before anything starts."""
    with pytest.raises(Usage, match=r"is not spark\.NAME=VALUE"):
        options([word])


def test_no_java_is_left_behind(forked: Forked, services: Servers, tmp_path: Path) -> None:
    """By the command as people type it; its work folder is empty, and what it says is what it always says."""
    (tmp_path / "scores.csv").write_text("customer_id,score\n1,.1\n2,.2\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FRAUDSTREAM_")} | {
        "FRAUDSTREAM_REDIS_URL": services.redis_url,
        "FRAUDSTREAM_REDIS_PREFIX": f"spark-{uuid.uuid4().hex}:",
        "FRAUDSTREAM_NIGHTLY_WORK": str(tmp_path / "work"),
    }
    words = ("--scores", "--engine", "spark", "--spark-master", "local[1]", "--spark-conf", "spark.driver.memory=512m")
    done = forked.run("nightly", "run", "scores.csv", *words, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert "is live: fence 1, replaced none" in done.stdout
    assert list((tmp_path / "work").glob("run-*")) == []
    assert [path for path in Path("/proc").glob("[0-9]*/cmdline") if str(tmp_path).encode() in _read(path)] == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
