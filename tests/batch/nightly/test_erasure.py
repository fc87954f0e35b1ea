"""A customer taken out of a real Redis, an archive, copies and rejects: everything stays whole, and truthful."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from redis import Redis

from batch.generation import publish
from batch.nightly import standing
from batch.nightly.archive import Archive
from batch.nightly.erasure import Erased, Erasure, Places
from batch.nightly.going_back import roll_back
from batch.nightly.lock import Held, Lock
from batch.nightly.look_up import Terms, look_up
from batch.nightly.publication import By, Publication
from models.churn.packed import packed
from models.churn.volume import opened, volume
from models.hashing import hash_strings
from schemas.churn import Keys, Status
from schemas.errors import Misconfigured

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SCORES = {str(number): number * 100 for number in range(1_000)}
ME = By("me", "asked for it")
WHO = "421"


@pytest.fixture
def places(tmp_path: Path, redis: Redis, keys: Keys) -> Places:
    """Two generations, their archive, the host's copies, and a line of rejects."""
    found = Places(Archive(str(tmp_path / "archive")), tmp_path / "copies", tmp_path / "work")
    for name in ("g1", "g2"):
        put(redis, keys, name)
        stands = standing.standing(redis, keys, name)
        assert stands is not None
        whole = packed(hash_strings(pa.array(list(SCORES))), np.array(list(SCORES.values()), np.uint32))
        content = volume(stands.meta, whole)
        assert found.archive is not None
        found.archive.write(name, [content])
        found.copies.mkdir(exist_ok=True)
        (found.copies / f"{name}-{stands.meta.digest[:12]}.churn").write_bytes(content)
    folder = found.work / "rejects"
    folder.mkdir(parents=True)
    lines = [{"file": "f", "row": row, "id": each, "reason": "duplicate_id"} for row, each in enumerate(["7", WHO])]
    (folder / "20261120.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return found


def put(redis: Redis, keys: Keys, name: str) -> None:
    publish(redis, keys, SCORES, generation=name, as_of=NOON, published_at=NOON, model="m/1")


def erase(redis: Redis, keys: Keys, places: Places, customer: str = WHO, *, dry: bool = False) -> Erased:
    return Erasure(redis, keys, places, ME)(customer, NOON, dry=dry)


def everything(redis: Redis, keys: Keys, folder: Path) -> dict[str, Any]:
    client: Any = redis
    found: dict[str, Any] = {
        name: client.dump(name) if client.type(name) != "stream" else len(client.xrange(name))
        for name in client.scan_iter(f"{keys.prefix}*")
    }
    return found | {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_one_customer_goes_and_all_others_stay(redis: Redis, keys: Keys, places: Places, tmp_path: Path) -> None:
    """From generations, files, copies and rejects; all of them verify, and going back still works."""
    assert places.archive is not None
    before = {name: places.archive.read(name) for name in ("g1", "g2")}
    written = {each.generation: each.written for each in places.archive.kept()}
    found = erase(redis, keys, places)
    assert (sorted(found.redis), len(found.archive), len(found.copies), len(found.rejects)) == (["g1", "g2"], 2, 2, 1)
    for name in ("g1", "g2"):
        stands = standing.standing(redis, keys, name)
        assert stands is not None
        assert stands.meta.rows == sum(stands.meta.deciles) == 999
        standing.verify(redis, keys, stands.meta)
        kept, old = places.archive.read(name), before[name]
        assert kept is not None
        assert old is not None
        assert (kept.meta, kept.meta.mean) == (stands.meta, old.meta.mean)
        assert kept.meta.digest != old.meta.digest == redis.hget(keys.meta(name), "digest_published")
        gone = ~np.isin(old.packed.numbers, kept.packed.numbers)
        assert old.packed.numbers[gone] == hash_strings(pa.array([WHO]))
        assert np.array_equal(old.packed.scores[~gone], kept.packed.scores)
        assert old.meta.digest.encode() in Path(places.archive.where(name)).read_bytes()[:2_000]
    assert {each.generation: each.written for each in places.archive.kept()} == written
    assert not list(places.copies.iterdir())
    assert WHO not in (places.work / "rejects" / "20261120.jsonl").read_text()
    terms = Terms(600_000, timedelta(days=1))
    asked = look_up(redis, keys, [WHO, "422"], terms, NOON).answers
    assert [each.status for each in asked] == [Status.UNKNOWN_CUSTOMER, Status.FRESH]
    assert roll_back(redis, keys, "g1", ME, NOON.isoformat()).to.meta.rows == 999


def test_hosts_hear_of_it_by_the_fence(redis: Redis, keys: Keys, places: Places) -> None:
    """The live generation keeps its name under a higher fence; the other one is not live because of it."""
    assert redis.get(keys.current) == "g2 2"
    erase(redis, keys, places)
    live = standing.live(redis, keys)
    assert live is not None
    assert (redis.get(keys.current), live.fence, live.replaced) == ("g2 3", 3, "g1")
    put(redis, keys, "g3")
    assert redis.get(keys.current) == "g3 4"


def test_the_log_says_so_without_the_id(redis: Redis, keys: Keys, places: Places) -> None:
    """Whoever knows the id can find it; digests before and after are there, and who and why."""
    erase(redis, keys, places)
    files, *entries = [each for each in standing.events(redis, keys, 100) if each["event"] == "erased"]
    assert (files["archive"], files["copies"], files["rejects"]) == ("2", "2", "1")
    assert sorted(each["generation"] for each in entries) == ["g1", "g2"]
    for each in entries:
        assert (each["by"], each["why"]) == ("me", "asked for it")
        assert each["digest"] != each["digest_before"]
        _, salt, told = each["customer"].split(":")
        assert told == hashlib.sha256(f"{salt}:{WHO}".encode()).hexdigest()
        assert WHO not in {value for name, value in each.items() if name != "customer"}


def test_twice_is_once_and_dry_is_nothing(redis: Redis, keys: Keys, places: Places, tmp_path: Path) -> None:
    """A dry run finds what the run then erases; after it, and of strangers, there is nothing."""
    before = everything(redis, keys, tmp_path)
    dry = erase(redis, keys, places, dry=True)
    assert everything(redis, keys, tmp_path) == before
    assert erase(redis, keys, places, "nobody").total == 0
    assert everything(redis, keys, tmp_path) == before
    assert erase(redis, keys, places) == dry
    after = everything(redis, keys, tmp_path)
    assert erase(redis, keys, places).total == 0
    assert everything(redis, keys, tmp_path) == after


def test_an_archive_that_was_away_is_done_the_next_time(redis: Redis, keys: Keys, places: Places) -> None:
    """Redis was erased before; the file's digest then is that of Redis again."""
    erase(redis, keys, Places(None, places.copies, places.work))
    found = erase(redis, keys, places)
    assert (found.redis, len(found.archive)) == ([], 2)
    live = standing.live(redis, keys)
    assert live is not None
    assert places.archive is not None
    kept = places.archive.read("g2")
    assert kept is not None
    assert kept.meta == live.meta


def test_damage_is_not_made_to_look_right(redis: Redis, keys: Keys, places: Places) -> None:
    """A packed form that is not what its digest says gets no new digest."""
    client: Any = redis
    stands = standing.standing(redis, keys, "g2")
    assert stands is not None
    [part] = Publication(redis, keys).chunks(stands.meta)
    part = packed(part.numbers, np.zeros(len(part), np.uint32))
    client.set(keys.chunk("g2", 0), part.chunk())
    with pytest.raises(Misconfigured, match="not what its digest says"):
        erase(redis, keys, places)
    assert client.hget(keys.meta("g2"), "digest") == stands.meta.digest


def test_expiries_stay(redis: Redis, keys: Keys, places: Places) -> None:
    """A generation that is about to end still ends."""
    Publication(redis, keys).forget("g1")
    erase(redis, keys, places)
    client: Any = redis
    assert 0 < client.ttl(keys.chunk("g1", 0)) <= 3_600
    assert 0 < client.ttl(keys.meta("g1")) <= 3_600


def test_not_beside_a_nightly_run(redis: Redis, keys: Keys, places: Places) -> None:
    """Who is at work is named."""
    with Lock(redis, keys, 30).held(), pytest.raises(Held, match="another nightly run holds the lock"):
        erase(redis, keys, places)


def test_a_file_with_more_in_its_head_is_read(redis: Redis, keys: Keys, places: Places) -> None:
    """What is told beside the facts harms no reader."""
    erase(redis, keys, places)
    assert places.archive is not None
    content = Path(places.archive.where("g1")).read_bytes()
    assert b'"digest_before"' in content[:2_000]
    assert b'"erased_at"' in content[:2_000]
    assert opened(content).meta.rows == 999
