"""Nightly runs on a real Redis: from files to what readers find, and everything that may be wrong on the way."""

import csv
import json
import os
import resource
import socket
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray
from redis import Redis

from batch.generation import read_current
from batch.history.files import found
from batch.nightly import prepare, standing
from batch.nightly.archive import Archive
from batch.nightly.gates import Refused
from batch.nightly.limits import Limits
from batch.nightly.lock import Held, Holder, Lock
from batch.nightly.publication import By
from batch.nightly.rejects import rejects_in
from batch.nightly.run import Asked, Outcome, Run, sweep
from batch.nightly.source import Customers, Rejected, Scores, Source
from models.churn.encoding import Categories, Number, Unread
from models.churn.volume import opened
from schemas.churn import SCALE, Keys, from_text
from schemas.errors import DependencyAway, Misconfigured, Usage
from schemas.settings.nightly import Nightly

DAY = datetime(2026, 11, 20, tzinfo=UTC)
LATER = DAY + timedelta(hours=2)


class Night:
    """What a test says of a run, and how it begins."""

    def __init__(self, redis: Redis, keys: Keys, folder: Path) -> None:
        self.redis, self.keys, self.folder = redis, keys, folder
        self.terms = Nightly(work=folder / "work")
        self.archive = Archive(str(folder / "archive"))

    def table(self, text: str, name: str = "scores.csv") -> Path:
        path = self.folder / name
        path.write_text(text, "utf-8")
        return path

    def asked(self, source: Source | Path, **said: Any) -> Asked:
        known = Scores(found([str(source)]), "customer_id") if isinstance(source, Path) else source
        usual = Asked(known, "model", "digest", DAY, self.folder / "rejects.jsonl")
        return replace(usual, **said)

    def run(self, source: Source | Path, **said: Any) -> Outcome:
        return Run(self.redis, self.keys, self.terms, self.archive, now=lambda: LATER)(self.asked(source, **said))

    def scores(self) -> dict[str, int]:
        """Everything that readers would find, bucket by bucket, by the documented keys."""
        client: Any = self.redis
        live = client.get(self.keys.current).split()[0]
        rows: dict[str, int] = {}
        for key in client.scan_iter(f"{self.keys.prefix}{live}:*", count=1_000):
            rows |= {name: from_text(text) for name, text in client.hgetall(key).items()}
        return rows

    def rejects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "rejects.jsonl").read_text().splitlines()]


@pytest.fixture
def night(redis: Redis, keys: Keys, tmp_path: Path) -> Night:
    return Night(redis, keys, tmp_path)


def table(scores: dict[str, int]) -> str:
    return "customer_id,score\n" + "".join(f"{name},{score / SCALE:.6f}\n" for name, score in scores.items())


MANY = {str(number): number * 37 % SCALE for number in range(1, 3_000)}
NAMED = {f"{number:04d}-VHVEG": number * 41 % SCALE for number in range(3_000)}


@pytest.fixture(params=["one range", "many ranges", "more ranges than at first"])
def cut(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with a few customers, with millions, and with more than that."""
    rows = {"one range": 10_000, "many ranges": 40, "more ranges than at first": 20}[request.param]
    monkeypatch.setattr(prepare, "RANGE_ROWS", rows)


@pytest.mark.usefixtures("cut")
@pytest.mark.parametrize(
    "scores", [MANY, NAMED, MANY | NAMED, {"7": 1} | {str(2**60 + each): each for each in range(99)}]
)
def test_everybody_has_the_score_of_the_file(night: Night, redis: Redis, scores: dict[str, int]) -> None:
    """In buckets, in the packed form and in the archive, however many ranges the rows were set aside in."""
    outcome = night.run(night.table(table(scores)))
    assert outcome.status == "published"
    assert night.scores() == scores
    standing.verify(redis, night.keys, outcome.meta)
    kept = night.archive.read(outcome.meta.generation)
    assert kept is not None
    assert kept.meta == outcome.meta
    assert len(kept.packed) == len(scores) == outcome.meta.rows
    assert outcome.meta.mean == (2 * sum(scores.values()) + len(scores)) // (2 * len(scores))
    assert list((night.folder / "work").iterdir()) == []


def test_a_run_opens_no_more_files_than_it_may(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the number of rows: a process may usually have 1,024 at a time."""
    monkeypatch.setattr(prepare, "RANGE_ROWS", 2)
    usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1_024, usual[1]))
    try:
        night.run(night.table(table(NAMED)))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, usual)
    assert night.scores() == NAMED


def test_an_id_of_leading_zeros_is_another_one(night: Night) -> None:
    """0101 is not 101, so the rule goes by checksum."""
    outcome = night.run(night.table("customer_id,score\n0101,.1\n101,.2\n"))
    assert outcome.meta.rule.name == "crc32"
    assert night.scores() == {"0101": 100_000, "101": 200_000}


def test_files_as_people_have_them(night: Night) -> None:
    """A byte order mark, quoted cells with line ends and semicolons, in a folder of several."""
    folder = night.folder / "customers"
    folder.mkdir()
    (folder / "a.csv").write_bytes(b'\xef\xbb\xbfcustomer_id;memo;score\r\n7;"one\nand ""two""";0.25\r\n\r\n8;;1\r\n')
    (folder / "b.csv").write_text("score,customer_id\n0,9\n")
    night.run(folder)
    assert night.scores() == {"7": 250_000, "8": 1_000_000, "9": 0}


def test_what_is_left_out_is_said_with_its_row(night: Night) -> None:
    """No id, no score, a score beyond 1, a customer for the second time: file, row, id and reason."""
    night.terms = Nightly(work=night.folder / "work", max_rejected=1, max_duplicates=1)
    path = night.table('customer_id,score\n1,.1\n,.2\n2,\n3,1.5\n1,.9\n4,x\n"5\n6",.5\n')
    outcome = night.run(path, overrides=("range",), by=By("me", "a test"))
    assert night.scores() == {"1": 100_000, "5\n6": 500_000}
    assert sorted((each["row"], each["id"], each["reason"]) for each in night.rejects()) == [
        (2, None, "missing_field"),
        (3, "2", "no_score"),
        (4, "3", "score_out_of_range"),
        (5, "1", "duplicate_id"),
        (6, "4", "no_score"),
    ]
    assert {each["file"] for each in night.rejects()} == {str(path)}
    assert outcome.rejected == {"missing_field": 1, "no_score": 2, "score_out_of_range": 1, "duplicate_id": 1}


def test_rejects_are_a_table_where_the_name_says_so(night: Night) -> None:
    """And nothing is left of those of an earlier run when nothing was rejected."""
    night.terms = Nightly(work=night.folder / "work", max_rejected=1)
    path = night.folder / "rejects.csv"
    night.run(night.table("customer_id,score\n1,.1\n2,\n"), rejects=path)
    with path.open(newline="") as file:
        assert [row["id"] for row in csv.DictReader(file)] == ["2"]
    night.run(night.table("customer_id,score\n1,.1\n2,.3\n"), rejects=path, overrides=("rows",))
    assert not path.exists()


def test_who_is_refused_is_told_of_which_rows(night: Night) -> None:
    """By a gate, or because nobody is left: that is when somebody looks, and not at the rows of an earlier run."""
    with pytest.raises(Refused, match="gate rejected"):
        night.run(night.table("customer_id,score\n1,.1\n2,\n"))
    assert [each["id"] for each in night.rejects()] == ["2"]
    with pytest.raises(Usage, match="see the rejects file"):
        night.run(night.table("customer_id,score\n3,x\n"))
    assert [each["id"] for each in night.rejects()] == ["3"]


def test_two_runs_of_a_day_have_a_file_of_rejects_each(night: Night) -> None:
    """A dry one needs no lock: neither takes the other's away while it is written; who ends last is told."""
    path = night.folder / "rejects.jsonl"
    with rejects_in(path) as one:
        one.add([Rejected("a.csv", 1, "1", "no_score")])
        with rejects_in(path) as other:
            other.add([Rejected("a.csv", 2, "2", "no_score")])
        assert [each["id"] for each in night.rejects()] == ["2"]
    assert [each["id"] for each in night.rejects()] == ["1"]
    assert list(night.folder.iterdir()) == [path]


def test_rejects_that_cannot_be_kept_stop_a_run_before_it_goes_live(night: Night, redis: Redis) -> None:
    """So that what it says is true: what was live stays live."""
    night.terms = Nightly(work=night.folder / "work", max_rejected=1)
    (night.folder / "rejects.jsonl").mkdir()
    with pytest.raises(DependencyAway, match="what was live stays live"):
        night.run(night.table("customer_id,score\n1,.1\n2,\n"))
    assert redis.get(night.keys.current) is None


@pytest.mark.usefixtures("cut")
def test_of_several_rows_of_a_customer_the_first_counts(night: Night) -> None:
    """In the order of the files, wherever the others are."""
    night.terms = Nightly(work=night.folder / "work", max_duplicates=1)
    folder = night.folder / "customers"
    folder.mkdir()
    (folder / "a.csv").write_text(table(MANY))
    (folder / "b.csv").write_text(table(dict.fromkeys(MANY, 1)))
    outcome = night.run(folder)
    assert night.scores() == MANY
    assert outcome.counted.duplicates == len(MANY)
    assert {each["file"] for each in night.rejects()} == {str(folder / "b.csv")}


@pytest.mark.parametrize("text", ["customer_id,score\n", "customer_id,score\n,.5\n"])
def test_nobody_is_no_generation(night: Night, redis: Redis, text: str) -> None:
    """What was live stays live; no gate can be overridden to publish nothing."""
    night.run(night.table("customer_id,score\n1,.1\n"))
    with pytest.raises(Usage, match="no row has a customer"):
        night.run(night.table(text), overrides=("rows", "rejected"))
    assert night.scores() == {"1": 100_000}


def test_the_same_once_more_is_nothing(night: Night, redis: Redis) -> None:
    """Same day, content and model: Redis is as it was; another day or score is another generation."""
    path = night.table(table(MANY))
    first = night.run(path)
    before = redis.xlen(night.keys.log)
    again = night.run(path)
    assert (again.status, again.is_live, again.meta) == ("unchanged", True, first.meta)
    assert redis.xlen(night.keys.log) == before
    names = {first.meta.generation}
    names.add(night.run(path, as_of=DAY + timedelta(days=1)).meta.generation)
    names.add(night.run(path, model_digest="another").meta.generation)
    names.add(night.run(night.table(table(MANY | {"1": 38}))).meta.generation)
    assert len(names) == 4


def test_a_day_still_to_come_is_refused(night: Night, redis: Redis) -> None:
    """Its scores would be fresh until then; tomorrow is today somewhere."""
    with pytest.raises(Usage, match="are of 2062-11-20, which is to come"):
        night.run(night.table(table(MANY)), as_of=DAY.replace(year=2062))
    assert redis.get(night.keys.current) is None
    assert night.run(night.table(table(MANY)), as_of=DAY + timedelta(days=1)).status == "published"


def test_a_dry_run_writes_nothing_to_redis(night: Night, redis: Redis) -> None:
    """It says what the gates would."""
    outcome = night.run(night.table(table(MANY)), dry=True)
    assert (outcome.status, outcome.live) == ("dry run", None)
    assert all(gate.passed for gate in outcome.gates)
    assert list(redis.scan_iter(f"{night.keys.prefix}*")) == []
    assert not (night.folder / "archive").exists()


NEXT = MANY | {"1": 1}
FEWER = {name: score for name, score in NEXT.items() if int(name) % 10 > 2}
LOWER = {name: score // 2 for name, score in MANY.items()}


@pytest.mark.parametrize(
    ("gate", "text", "said"),
    [
        ("rows", table(FEWER), "30.0% from the 2,999 live"),
        ("rejected", table(NEXT) + ",.5\n" * 40, "40 of 3,039"),
        ("duplicates", table(NEXT) + "1,.5\n" * 4, "4 of 3,003"),
        ("range", table(NEXT) + "9999,1.2\n", "1 scores are not from 0 to 1"),
        ("drift", table(LOWER), "PSI"),
    ],
)
def test_a_gate_refuses_by_name_and_can_be_overridden(
    night: Night, redis: Redis, gate: str, text: str, said: str
) -> None:
    """Nothing of the new one is in Redis then; the log has who overrode what, and why."""
    first = night.run(night.table(table(MANY)))
    path = night.table(text)
    with pytest.raises(Refused, match=f"gate {gate}: .*{said}") as refused:
        night.run(path)
    assert f"--override {gate}" in refused.value.fix
    assert [each.name for each in refused.value.gates if not each.passed] == [gate]
    assert redis.get(night.keys.current) == f"{first.meta.generation} 1"
    assert len(standing.generations(redis, night.keys)) == 1
    outcome = night.run(path, overrides=(gate,), by=By("me", "it is so"))
    assert outcome.status == "published"
    newest = standing.events(redis, night.keys, 1)[0]
    assert (newest["by"], newest["why"]) == ("me", f"{gate} overridden: it is so")


def test_how_many_there_should_be_can_be_said(night: Night) -> None:
    """Also where nothing is live yet."""
    with pytest.raises(Refused, match=r"gate rows: .*from the 6,000 expected"):
        night.run(night.table(table(MANY)), expected=6_000)


def test_an_override_of_no_gate_is_refused(night: Night) -> None:
    """With the names of those there are."""
    with pytest.raises(Usage, match="rowz: there is no such gate") as wrong:
        night.run(night.table(table(MANY)), overrides=("rowz",))
    assert "eviction" in wrong.value.fix


@pytest.mark.parametrize(
    ("limits", "said"),
    [(Limits(policy="allkeys-lru"), "the server's maxmemory-policy is allkeys-lru"), (Limits(), "may ask neither")],
)
def test_a_server_that_may_evict_is_refused(
    night: Night, monkeypatch: pytest.MonkeyPatch, limits: Limits, said: str
) -> None:
    """Unless it is said to be right: what is live has no expiry, so only allkeys policies throw it away."""
    monkeypatch.setattr("batch.nightly.run.read_limits", lambda _: limits)
    path = night.table(table(MANY))
    with pytest.raises(Refused, match=f"gate eviction: .*{said}"):
        night.run(path)
    assert night.run(path, overrides=("eviction",)).status == "published"


class Halved:
    """A model of one column."""

    columns: Sequence[str] = ("usage",)

    def unread(self, rows: pa.RecordBatch) -> dict[str, Unread]:
        return {"usage": Number(name="usage", usual=0.0).unread(rows["usage"])}

    def score(self, rows: pa.RecordBatch) -> NDArray[np.uint32]:
        values = rows["usage"].cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False)
        found: NDArray[np.uint32] = np.rint(values / 2 * SCALE).astype(np.uint32)
        return found


def test_a_model_scores_the_rows(night: Night) -> None:
    """Numbers of Parquet as ids, its columns by name; others are not read."""
    path = night.folder / "customers.parquet"
    columns = {"id": pa.array([5, 6, None]), "usage": pa.array([0.5, None, 1.0]), "other": pa.array(["a", "b", "c"])}
    pq.write_table(pa.table(columns), path)
    night.terms = Nightly(work=night.folder / "work", max_rejected=1)
    night.run(Customers(found([str(path)]), "id", Halved()))
    assert night.scores() == {"5": 250_000, "6": 0}


def test_a_column_that_a_feed_no_longer_fills_is_refused(night: Night) -> None:
    """Blank in more of the rows than may be."""
    path = night.table("id,usage\n1,\n2,\n3,0.5\n")
    with pytest.raises(Refused, match=r"gate nulls: cells are blank or no number: usage 66.7%"):
        night.run(Customers(found([str(path)]), "id", Numeric()))


def test_numbers_that_a_feed_writes_otherwise_are_refused(night: Night) -> None:
    """A model takes them for blank, so they count as that: the first night has nothing to compare its scores with."""
    path = night.table('id,usage\n1,"0,5"\n2,"0,7"\n3,0.5\n')
    with pytest.raises(Refused, match=r"gate nulls: cells are blank or no number: usage 66.7%"):
        night.run(Customers(found([str(path)]), "id", Unmoved()))


def test_categories_that_nobody_knew_are_refused(night: Night) -> None:
    """They count for nothing, so the scores would be of another model; the first night has nothing to compare with."""
    path = night.table("id,plan\n1,gold\n2,Gold plus\n3, GOLD \n4,\n")
    with pytest.raises(Refused, match=r"gate unknown: cells are of a category unknown in training: plan 25.0%"):
        night.run(Customers(found([str(path)]), "id", Planned()))
    assert night.run(Customers(found([str(path)]), "id", Planned()), overrides=("unknown",)).status == "published"


class Planned:
    columns: Sequence[str] = ("plan",)

    def unread(self, rows: pa.RecordBatch) -> dict[str, Unread]:
        return {"plan": Categories(name="plan", categories=["gold", "silver"], usual="gold").unread(rows["plan"])}

    def score(self, rows: pa.RecordBatch) -> NDArray[np.uint32]:
        return np.zeros(len(rows), np.uint32)


class Unmoved(Halved):
    def score(self, rows: pa.RecordBatch) -> NDArray[np.uint32]:
        return np.zeros(len(rows), np.uint32)


class Numeric(Halved):
    def score(self, rows: pa.RecordBatch) -> NDArray[np.uint32]:
        texts = [each or "0" for each in rows["usage"].to_pylist()]
        return np.array([round(float(each) / 2 * SCALE) for each in texts], np.uint32)


def test_two_customers_of_one_number_are_named(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    """They could not be told apart, so nothing is published."""
    monkeypatch.setattr("batch.nightly.scored.hash_strings", lambda ids: np.full(len(ids), 7, np.uint64))
    with pytest.raises(Misconfigured, match=r"customers '.*' and '.*' have the same 64-bit number"):
        night.run(night.table("customer_id,score\n1,.1\n2,.2\n"))


def test_two_customers_of_one_number_in_different_ranges_are_named(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody sees both at once but the one who sorts the numbers."""
    monkeypatch.setattr("batch.nightly.scored.hash_strings", lambda ids: np.full(len(ids), 7, np.uint64))
    monkeypatch.setattr(prepare, "RANGE_ROWS", 1)
    with pytest.raises(Misconfigured, match="customers '1' and '101' have the same 64-bit number"):
        night.run(night.table("customer_id,score\n1,.1\n101,.2\n"))


def test_a_second_run_says_who_is_at_work(night: Night, redis: Redis) -> None:
    """And since when; exit code 75: later is soon enough."""
    with Lock(redis, night.keys, 30).held(), pytest.raises(Held, match=r"process \d+ on .* since 20") as held:
        night.run(night.table(table(MANY)))
    assert held.value.exit_code == 75
    assert night.run(night.table(table(MANY))).status == "published"


def test_who_has_died_holds_nothing(night: Night, redis: Redis) -> None:
    """A process of this machine that is gone is replaced at once; of another machine nobody knows."""
    me = Holder.me()
    for dead, refused in ((replace(me, began="1"), False), (replace(me, began="1", host="elsewhere"), True)):
        value = json.dumps({name: getattr(dead, name) for name in ("host", "pid", "began", "since", "token")})
        redis.set(night.keys.lock, value, px=60_000)
        if refused:
            with pytest.raises(Held, match="on elsewhere"):
                night.run(night.table(table(NAMED)))
        else:
            night.run(night.table(table(MANY)))


def test_who_slept_too_long_goes_no_further(night: Night, redis: Redis) -> None:
    """Its lock was taken over meanwhile: it notices before anything goes live."""

    def taken(what: str, _rows: int) -> None:
        if what == "checking":
            redis.set(night.keys.lock, "somebody else")
            time.sleep(0.6)  # it looks at its lock four times in each lease

    night.terms = Nightly(work=night.folder / "work", lease="1s")
    run = Run(redis, night.keys, night.terms, say=taken, now=lambda: LATER)
    with pytest.raises(Held, match="the lock was lost"):
        run(night.asked(night.table(table(MANY))))
    assert redis.get(night.keys.current) is None


def test_work_folders_of_the_dead_are_removed(tmp_path: Path) -> None:
    """Those of processes that run stay, and those of other machines for half a day."""
    here = socket.gethostname()
    dead, old = f"run-4194304999-{here}-abc", "run-1-else-where-old"
    kept = {f"run-{os.getpid()}-{here}-abc", "run-4194304999-else-where-abc", "rejects"}
    for name in {dead, old, *kept}:
        (tmp_path / name).mkdir()
    os.utime(tmp_path / old, (0, 0))
    assert {path.name for path in sweep(tmp_path)} == {dead, old}
    assert {path.name for path in tmp_path.iterdir()} == kept


@pytest.mark.parametrize("where", ["work", "archive"])
def test_a_full_disk_is_said_with_its_folder(night: Night, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 69; what was live stays live."""
    night.run(night.table(table(MANY)))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    target = {"work": "batch.nightly.spill.Spill.add", "archive": "pathlib.Path.replace"}[where]
    monkeypatch.setattr(target, full)
    with pytest.raises(DependencyAway, match=str(night.folder / where)):
        night.run(night.table(table(MANY | {"1": 1})))
    monkeypatch.undo()
    assert night.scores() == MANY
    assert list((night.folder / "archive" / "churn").glob(".part-*")) == []


def test_the_archive_has_what_is_live_before_it_is(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    """A generation that decisions name is there to compute them anew."""
    seen: list[bool] = []

    def looked(self: Archive, name: str, pieces: Any) -> None:
        seen.append(read_current(night.redis, night.keys) is None)
        write(self, name, pieces)

    write = Archive.write
    monkeypatch.setattr(Archive, "write", looked)
    outcome = night.run(night.table(table(MANY)))
    assert seen == [True]
    path = night.folder / "archive" / "churn" / f"{outcome.meta.generation}.churn"
    assert opened(path.read_bytes()).meta.generation == outcome.meta.generation
