"""What can be done with generations once they are in a real Redis: going back, verifying, pruning, looking up."""

import os
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from redis import Redis
from redis.exceptions import NoPermissionError

from batch.generation import publish
from batch.nightly import standing
from batch.nightly.archive import Archive
from batch.nightly.content import InMemory, volume_pieces
from batch.nightly.going_back import Back, roll_back
from batch.nightly.limits import Limits, read_limits
from batch.nightly.lock import Lock
from batch.nightly.look_up import Terms, look_up
from batch.nightly.pruning import Pruned, prune
from batch.nightly.publication import By, Publication
from batch.nightly.scored import Scored
from batch.nightly.settled import settled
from schemas.churn import BucketRule, Keys, Status
from schemas.errors import DependencyAway, Misconfigured, Usage

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SCORES = {str(number): number * 100 for number in range(1_000)}
ME = By("me", "a test")


def put(redis: Redis, keys: Keys, *names: str, scores: dict[str, int] = SCORES) -> None:
    for name in names:
        publish(redis, keys, scores, generation=name, as_of=NOON, published_at=NOON, model="m/1")


def back(redis: Redis, keys: Keys, wanted: str | None = None) -> Back:
    return roll_back(redis, keys, wanted, ME, NOON.isoformat())


def test_going_back_is_a_new_fence_on_old_content(redis: Redis, keys: Keys) -> None:
    """To what was before; once more is back again. The fence only grows, and the log has all of it."""
    put(redis, keys, "g1", "g2")
    assert redis.get(keys.current) == "g2 2"
    assert (back(redis, keys).to.meta.generation, redis.get(keys.current)) == ("g1", "g1 3")
    assert (back(redis, keys).to.meta.generation, redis.get(keys.current)) == ("g2", "g2 4")
    newest = standing.events(redis, keys, 1)[0]
    assert (newest["event"], newest["generation"], newest["replaced"]) == ("rolled back", "g2", "g1")
    assert (newest["by"], newest["why"]) == ("me", "a test")
    put(redis, keys, "g3")
    assert redis.get(keys.current) == "g3 5"


def test_one_that_was_to_expire_stays_once_it_is_live_again(redis: Redis, keys: Keys) -> None:
    """Every key of it, and the next publication keeps it as the one before."""
    put(redis, keys, "g1", "g2", "g3")
    assert redis.ttl(keys.bucket("g1", 3)) > 0
    back(redis, keys, "g1")
    put(redis, keys, "g4")
    kept = {redis.ttl(each) for each in (keys.meta("g1"), keys.bucket("g1", 3), keys.chunk("g1", 0))}
    assert kept == {-1}
    assert redis.ttl(keys.meta("g3")) > 0


def test_what_is_about_to_expire_is_kept_before_it_is_checked(
    redis: Redis, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else half of it may go between the check and the pointer; where it is not whole it expires after all."""
    put(redis, keys, "g1", "g2", "g3")
    seen = []

    def verify(*given: Any) -> None:
        seen.append({redis.ttl(each) for each in (keys.bucket("g1", 0), keys.bucket("g1", 9), keys.chunk("g1", 0))})
        checked(*given)

    checked = standing.verify
    monkeypatch.setattr(standing, "verify", verify)
    kept: Any = redis.hgetall(keys.bucket("g1", 7))
    redis.delete(keys.bucket("g1", 7))
    with pytest.raises(Misconfigured, match="'g1' hold 900 customers"):
        back(redis, keys, "g1")
    assert redis.ttl(keys.bucket("g1", 9)) > 0
    assert redis.ttl(keys.meta("g1")) > 0
    redis.hset(keys.bucket("g1", 7), mapping=kept)
    back(redis, keys, "g1")
    assert seen == [{-1}, {-1}]


@pytest.mark.parametrize("when", ["before it was let expire", "after it was let expire"])
def test_what_is_gone_back_to_while_it_expires_stays(
    redis: Redis, keys: Keys, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """A publisher that has just decided that it may go, and somebody who wants it just then."""
    put(redis, keys, "g1", "g2")
    forget, script = Publication.forget, Publication._script

    def slow(self: Publication, name: str) -> None:
        monkeypatch.setattr(Publication, "forget", forget)
        back(redis, keys, name)
        forget(self, name)

    def late(self: Publication, *given: Any) -> Any:
        monkeypatch.setattr(Publication, "_script", script)
        forget(self, "g1")
        return script(self, *given)

    if when == "before it was let expire":
        monkeypatch.setattr(Publication, "forget", slow)
        put(redis, keys, "g3")
    else:
        monkeypatch.setattr(Publication, "_script", late)
        back(redis, keys, "g1")
    assert str(redis.get(keys.current)).startswith("g1 ")
    assert {redis.ttl(each) for each in (keys.meta("g1"), keys.bucket("g1", 3), keys.chunk("g1", 0))} == {-1}


def test_what_cannot_be_gone_back_to_is_named(redis: Redis, keys: Keys) -> None:
    """Nothing, the live one, one that is gone, one that was never live, one that lost a score."""
    with pytest.raises(Usage, match="nothing is live"):
        back(redis, keys)
    put(redis, keys, "g1")
    with pytest.raises(Usage, match="'g1' replaced none"):
        back(redis, keys)
    with pytest.raises(Usage, match="'g1' is live already"):
        back(redis, keys, "g1")
    with pytest.raises(Usage, match="'g0' is not in Redis any more"):
        back(redis, keys, "g0")
    put(redis, keys, "g2")
    redis.hset(keys.meta("g1"), "status", "writing")
    with pytest.raises(Usage, match="'g1' was never live"):
        back(redis, keys, "g1")
    redis.hset(keys.meta("g1"), "status", "published")
    redis.hdel(keys.bucket("g1", 7), "700")
    with pytest.raises(Misconfigured, match="'g1' hold 999 customers, not 1,000"):
        back(redis, keys, "g1")
    assert redis.get(keys.current) == "g2 2"


def test_a_publication_meanwhile_is_not_gone_back_over(redis: Redis, keys: Keys) -> None:
    """The pointer moves from what was looked at, or not at all."""
    put(redis, keys, "g1", "g2", "g3")
    meta = standing.standing(redis, keys, "g2")
    assert meta is not None
    assert Publication(redis, keys).back(meta.meta, "g1", ME, NOON.isoformat()) is None
    assert redis.get(keys.current) == "g3 3"


@pytest.mark.parametrize("what", ["a score", "a customer", "a part of the packed form", "no score at all"])
def test_damage_in_redis_is_noticed(redis: Redis, keys: Keys, what: str) -> None:
    """Every bucket and the packed form are compared with the digest."""
    put(redis, keys, "g1")
    live = standing.live(redis, keys)
    assert live is not None
    standing.verify(redis, keys, live.meta)
    if what == "a score":
        redis.hset(keys.bucket("g1", 5), "500", "0.050001")
    elif what == "a customer":
        redis.hset(keys.bucket("g1", 5), "x", "0.050001")
    elif what == "no score at all":
        redis.hset(keys.bucket("g1", 5), "500", "much")
    else:
        redis.setrange(keys.chunk("g1", 0), 11_000, b"\x01")
    with pytest.raises(Misconfigured, match="g1"):
        standing.verify(redis, keys, live.meta)


def found(redis: Redis, keys: Keys, *customers: str, hours: float = 1, threshold: float = 0.05) -> Any:
    return look_up(redis, keys, customers, Terms.of(threshold, 26 * 3_600_000), NOON + timedelta(hours=hours))


def test_a_look_up_says_what_is_known(redis: Redis, keys: Keys) -> None:
    """Score, decile, at risk strictly above the threshold; in the order asked."""
    put(redis, keys, "g1")
    answer = found(redis, keys, "999", "500", "0", "nobody", "0500")
    assert answer.meta.generation == "g1"
    assert answer.age == timedelta(hours=1)
    assert [(each.customer, each.millionths, each.decile, each.at_risk) for each in answer.answers] == [
        ("999", 99_900, 10, True),
        ("500", 50_000, 6, False),
        ("0", 0, 1, False),
        ("nobody", None, None, None),
        ("0500", None, None, None),
    ]
    assert [each.status for each in answer.answers] == [Status.FRESH] * 3 + [Status.UNKNOWN_CUSTOMER] * 2


def test_an_old_score_is_said_to_be_stale(redis: Redis, keys: Keys) -> None:
    """Older than the limit, not as old."""
    put(redis, keys, "g1")
    assert found(redis, keys, "1", hours=26).answers[0].status is Status.FRESH
    assert found(redis, keys, "1", hours=26.001).answers[0].status is Status.STALE


def test_nothing_published_is_unavailable(redis: Redis, keys: Keys) -> None:
    """And no error."""
    assert found(redis, keys, "1").answers[0].status is Status.UNAVAILABLE


def test_what_is_no_score_is_named(redis: Redis, keys: Keys) -> None:
    """With its key and customer."""
    put(redis, keys, "g1")
    redis.hset(keys.bucket("g1", 0), "1", "much")
    with pytest.raises(Misconfigured, match="g1:0 has 'much' for customer '1'"):
        found(redis, keys, "1")


def archived(archive: Archive, name: str, days: float) -> None:
    content = InMemory(Scored.of(*_one()), BucketRule())
    meta = content.facts.meta(name, as_of=NOON, published_at=NOON, model="m", model_digest="")
    archive.write(name, volume_pieces(meta, content))
    path = Path(str(archive)) / "churn" / f"{name}.churn"
    os.utime(path, (time.time() - days * 86_400,) * 2)


def _one() -> Any:
    return pa.array(["1"]), np.array([5], np.uint32), np.array([1])


def pruned(redis: Redis, keys: Keys, work: Path, archive: Archive, *, dry: bool = False) -> Pruned:
    return prune(redis, keys, work, archive, keep_days=400, now=datetime.now(UTC), dry=dry)


def test_what_is_older_than_it_is_kept_goes(redis: Redis, keys: Keys, tmp_path: Path) -> None:
    """But never what is live, nor the one before; nothing in a dry run."""
    archive = Archive(str(tmp_path / "archive"))
    put(redis, keys, "g1", "g2")
    for name in ("g0", "g1", "g2", "g3"):
        archived(archive, name, 399 if name == "g3" else 401)
    for dry in (True, False):
        assert [each.generation for each in pruned(redis, keys, tmp_path, archive, dry=dry).archived] == ["g0"]
    assert sorted(each.generation for each in archive.kept()) == ["g1", "g2", "g3"]


def test_what_runs_that_died_left_goes(redis: Redis, keys: Keys, tmp_path: Path) -> None:
    """Generations that never went live, unless somebody is at work; work folders; old rejects."""
    archive = Archive(str(tmp_path / "archive"))
    put(redis, keys, "g1", "dead")
    redis.set(keys.current, "g1 3")
    redis.hset(keys.meta("dead"), "status", "writing")
    folder = tmp_path / f"run-4194304999-{socket.gethostname()}-x"
    folder.mkdir()
    (tmp_path / "rejects").mkdir()
    old = tmp_path / "rejects" / "20250101.jsonl"
    old.write_text("{}")
    os.utime(old, (0, 0))
    with Lock(redis, keys, 30).held():
        assert pruned(redis, keys, tmp_path, archive, dry=True).abandoned == ()
    gone = pruned(redis, keys, tmp_path, archive)
    assert (gone.abandoned, gone.rejects) == (("dead",), (old,))
    assert gone.folders == (folder,)
    assert redis.ttl(keys.meta("dead")) > 0
    assert redis.ttl(keys.bucket("dead", 3)) > 0
    assert pruned(redis, keys, tmp_path, archive) == Pruned((), (), (), ())


def test_what_was_pruned_meanwhile_does_not_go_live(redis: Redis, keys: Keys, tmp_path: Path) -> None:
    """It would expire while it is live. Publishing it again is all that it takes."""
    ids = pa.array([str(number) for number in range(1_000)])
    rows = settled(Scored.of(ids, np.arange(1_000, dtype=np.uint32), np.arange(1_000))).kept
    content = InMemory(rows, BucketRule())
    meta = content.facts.meta("g1", as_of=NOON, published_at=NOON, model="m", model_digest="")
    steps = iter([False, False, True])
    archive = Archive(str(tmp_path / "archive"))

    def still() -> None:
        if next(steps):
            assert pruned(redis, keys, tmp_path, archive).abandoned == ("g1",)

    with pytest.raises(Misconfigured, match="or it was pruned"):
        Publication(redis, keys).run(meta, content, ME, still)
    assert redis.get(keys.current) is None
    Publication(redis, keys).run(meta, content, ME)
    assert redis.get(keys.current) == "g1 2"
    assert {redis.ttl(each) for each in redis.scan_iter(f"{keys.prefix}*")} == {-1}


def test_a_damaged_file_of_the_archive_is_named(tmp_path: Path) -> None:
    """One that is not there is none."""
    archive = Archive(str(tmp_path))
    assert archive.read("g1") is None
    assert archive.kept() == []
    archived(archive, "g1", 0)
    path = tmp_path / "churn" / "g1.churn"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Misconfigured, match=r"g1.churn is damaged"):
        archive.read("g1")


def test_an_archive_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """Exit code 69."""
    (tmp_path / "churn").write_text("a file")
    with pytest.raises(DependencyAway, match="g1 cannot be kept in"):
        archived(Archive(str(tmp_path)), "g1", 0)


def test_limits_are_those_of_the_server(redis: Redis) -> None:
    """As it was started."""
    limits = read_limits(redis)
    assert (limits.policy, limits.read, limits.dense, limits.per_bucket) == ("noeviction", True, True, 64)


@pytest.mark.parametrize(
    ("entries", "dense", "per_bucket"), [(512, True, 64), (128, True, 64), (99, False, 43), (1, False, 1)]
)
def test_buckets_fit_the_limits(entries: int, dense: bool, per_bucket: int) -> None:
    """A hundred customers, or as many by checksum as chance will not exceed."""
    limits = Limits(entries=entries)
    assert (limits.dense, limits.per_bucket) == (dense, per_bucket)


class Forbidden:
    """A server whose user may not CONFIG, and, it may be, not INFO either."""

    def __init__(self, *, info: bool) -> None:
        self._info = info

    def config_get(self, _: str) -> None:
        raise NoPermissionError("no")

    def info(self, _: str) -> dict[str, str]:
        if not self._info:
            raise NoPermissionError("no")
        return {"maxmemory_policy": "allkeys-lru"}


@pytest.mark.parametrize(("info", "policy"), [(True, "allkeys-lru"), (False, "unknown")])
def test_where_nobody_may_ask_the_least_is_taken(info: bool, policy: str) -> None:
    """What every release has by default."""
    client: Any = Forbidden(info=info)
    assert read_limits(client) == Limits(128, 64, policy, read=False)
