"""The whole generation on the host: swapped between lots, kept when anything fails, the same scores as look-ups."""

import errno
import random
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from redis import Redis
from support.churn import AS_OF, AS_OF_MS, chunks_of, many, meta_of, write

from batch.generation import publish
from batch.nightly.erasure import Erasure, Places
from batch.nightly.publication import By
from consumer.enriching import copies as copies_module
from consumer.enriching.building import client, folder
from consumer.enriching.copies import Copies
from consumer.enriching.lookups import Lookups
from consumer.enriching.published import Published
from consumer.enriching.replica import TRY_AGAIN_S, Replica
from consumer.metrics import REGISTRY
from models.churn.weighed import Churn
from schemas.churn import Keys, to_text
from schemas.settings import Settings

DAY_MS = 86_400_000
HOUR_MS = 3_600_000


@pytest.fixture
def made(settings: Settings, keys: Keys, clock: Any) -> Iterator[Any]:
    """Replicas of one host; nobody has a thread."""
    found: list[Replica] = []

    def make(place: Path | None = None, age_ms: int = DAY_MS) -> Replica:
        asking = Lookups(client(settings, 0.5, texts=True), keys, budget_s=5, max_age_ms=age_ms, clock=clock)
        published = Published(client(settings, 2.0, texts=False), keys)
        each = Replica(
            published,
            Copies(place or folder(settings), clock),
            asking,
            max_age_ms=age_ms,
            check_every_s=1,
            clock=clock,
        )
        found.append(each)
        return each

    yield make
    for each in found:
        each.close()


def look_up(by: Any, *customers: str, at: int = AS_OF_MS) -> Churn:
    found: Churn = by.look_up(pa.array(customers, pa.string()), np.full(len(customers), at))
    return found


def degraded() -> float | None:
    return REGISTRY.get_sample_value("fraudstream_degraded", {"name": "churn_refresh_failed"})


def loads(outcome: str) -> float:
    return REGISTRY.get_sample_value("fraudstream_churn_loads_total", {"outcome": outcome}) or 0.0


def test_both_modes_give_the_same_integers_while_generations_move(redis: Redis, keys: Keys, made: Any) -> None:
    """Known and unknown customers, dense and CRC32 buckets, fresh and stale lots: all columns are equal."""
    rng = random.Random(7)
    replica = made()
    asking = replica._instead
    for number in range(6):
        scores = many(number) | ({"7590-VHVEG": 3} if number % 2 else {})
        meta = meta_of(f"g{number}", scores, chunks=3, buckets=5 if number % 2 else 0)
        write(redis, keys, meta, scores, fence=number)
        replica.look()
        for _ in range(5):
            customers = [rng.choice(["7590-VHVEG", "nobody", "0101", str(rng.randrange(600))]) for _ in range(40)]
            at = np.array([AS_OF_MS + rng.randrange(2 * DAY_MS) for _ in customers])
            one, other = (each.look_up(pa.array(customers), at) for each in (replica, asking))
            assert (one.generation, one.available) == (other.generation, other.available) == (f"g{number}", True)
            assert one.weighed.tolist() == other.weighed.tolist()
            assert one.codes.tolist() == other.codes.tolist()


def test_a_host_keeps_one_copy_that_its_workers_share(redis: Redis, keys: Keys, made: Any, settings: Settings) -> None:
    """The first worker makes it, the second finds it; of an older generation nothing is left."""
    one, other = made(), made()
    before = loads("loaded"), loads("shared")
    for number in (1, 2):
        write(redis, keys, meta_of(f"g{number}", many(number)), many(number), fence=number)
        one.look()
        other.look()
        for each in (one, other):
            assert look_up(each, "5").weighed.tolist() == [many(number)["5"]]
    assert (loads("loaded") - before[0], loads("shared") - before[1]) == (2, 2)
    names = [each.name for each in folder(settings).iterdir() if each.suffix == ".churn"]
    assert [each.split("-")[0] for each in names] == ["g2"]


def test_a_copy_that_was_removed_or_damaged_is_made_again(
    redis: Redis, keys: Keys, made: Any, settings: Settings
) -> None:
    """Whoever has it mapped goes on; the next worker does not believe a byte that is not of the digest."""
    scores = many(1)
    write(redis, keys, meta_of("g1", scores), scores)
    first = made()
    first.look()
    (path,) = folder(settings).glob("*.churn")
    content = bytearray(path.read_bytes())
    for damage in (path.unlink, lambda: path.write_bytes(b""), lambda: path.write_bytes(content[:-5])):
        path.rename(path.with_suffix(".aside"))
        path.write_bytes(content)
        damage()
        second = made()
        second.look()
        assert look_up(second, "5").weighed.tolist() == look_up(first, "5").weighed.tolist() == [scores["5"]]
        assert path.read_bytes() == content
    content[-1] ^= 1
    path.unlink()
    path.write_bytes(content)
    third = made()
    third.look()
    assert look_up(third, *scores).weighed.tolist() == list(scores.values())


def spoiled(redis: Redis, keys: Keys, how: str) -> None:
    """The next generation, of which something is wrong."""
    scores = many(2)
    meta = meta_of("g2", scores, chunks=3)
    write(redis, keys, meta, scores, fence=2)
    first, last = keys.chunk("g2", 0), keys.chunk("g2", 2)
    if how == "pruned":
        redis.delete(last)
    elif how == "short":
        redis.set(last, chunks_of(scores, 3)[2][:-7])
    elif how == "other":
        redis.set(first, chunks_of(many(3), 3)[0])
    elif how == "swapped":
        redis.set(first, chunks_of(scores, 3)[2])
        redis.set(last, chunks_of(scores, 3)[0])
    elif how == "kind":
        redis.delete(first)
        redis.hset(first, "a", "b")
    elif how == "meta":
        redis.hset(keys.meta("g2"), "digest", "0" * 64)
    elif how == "mean":
        redis.hset(keys.meta("g2"), "mean", "high")
    elif how == "gone":
        redis.delete(keys.meta("g2"))


@pytest.mark.parametrize("how", ["pruned", "short", "other", "swapped", "kind", "meta", "mean", "gone"])
def test_what_is_no_generation_changes_nothing(
    redis: Redis, keys: Keys, made: Any, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The old one serves on, loudly; when the new one is whole it is taken, or the one after it."""
    write(redis, keys, meta_of("g1", many(1)), many(1))
    replica, before = made(), loads("failed")
    replica.look()
    clock = replica._clock
    spoiled(redis, keys, how)
    for _ in range(3):
        replica.look()
    churn = look_up(replica, "5")
    assert (churn.generation, churn.available, churn.weighed.tolist()) == ("g1", True, [many(1)["5"]])
    assert (loads("failed") - before, degraded()) == (1, 1)
    said = capsys.readouterr().out
    assert said.count("churn.unavailable") == 1
    assert "still" in said
    write(redis, keys, meta_of("g2", many(2), chunks=3), many(2), fence=2) if how != "kind" else write(
        redis, keys, meta_of("g4", many(2), chunks=3), many(2), fence=4
    )
    clock.now += TRY_AGAIN_S
    replica.look()
    assert look_up(replica, "5").weighed.tolist() == [many(2)["5"]]
    assert degraded() == 0


def test_the_same_scores_of_another_day_are_another_copy(redis: Redis, keys: Keys, made: Any) -> None:
    """Under one name, as after a Redis that was emptied: how old they are is what Redis says, as for look-ups."""
    scores = {"101": 200_000}
    for fence, as_of in enumerate((AS_OF, AS_OF - timedelta(days=30)), start=1):
        write(redis, keys, meta_of("g1", scores, as_of=as_of), scores, fence=fence)
        by = made()
        assert by.look()
        assert look_up(by, "101").fields(0)["status"] == ("fresh" if as_of == AS_OF else "stale")


def test_a_full_disk_leaves_the_old_generation(
    redis: Redis, keys: Keys, made: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And half a copy nowhere."""
    write(redis, keys, meta_of("g1", many(1)), many(1))
    replica = made()
    replica.look()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(copies_module, "replace_file", full)
        write(redis, keys, meta_of("g2", many(2)), many(2), fence=2)
        replica.look()
        assert look_up(replica, "5").generation == "g1"
        assert [each.name.split("-")[0] for each in folder(settings).glob("*.churn")] == ["g1"]
        assert "No space" in replica._telling.trouble
        assert str(folder(settings)) in replica._telling.trouble
    replica._clock.now += TRY_AGAIN_S
    replica.look()
    assert look_up(replica, "5").generation == "g2"


def test_a_disk_that_takes_no_copy_is_no_reason_to_know_nobody(
    redis: Redis, keys: Keys, made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in a container with nothing to write to: customers are asked for lot by lot, and the log says why."""
    (tmp_path / "file").write_text("no folder")
    write(redis, keys, meta_of("g1", many(1)), many(1))
    replica = made(tmp_path / "file")
    replica.look()
    assert look_up(replica, "5").fields(0)["status"] == "fresh"
    said = capsys.readouterr().out
    assert said.count("churn.unavailable") == 1
    assert "FileExistsError" in said


def test_one_worker_copies_and_the_others_wait_but_not_for_ever(
    redis: Redis, keys: Keys, made: Any, settings: Settings, clock: Any
) -> None:
    """A worker that holds the lock and stands still costs the others half a minute, not their scores."""
    write(redis, keys, meta_of("g1", many(1)), many(1))
    replica, place, before = made(), folder(settings), loads("loaded")
    place.mkdir(parents=True)
    with Copies(place)._alone():
        assert not replica.look()
        clock.now += 29
        assert not replica.look()
        assert loads("loaded") == before
        clock.now += 2
        assert replica.look()
        assert loads("loaded") == before + 1
    assert look_up(replica, "5").weighed.tolist() == [many(1)["5"]]


def test_an_emptied_redis_leaves_what_is_in_use(redis: Redis, keys: Keys, made: Any) -> None:
    """The last good generation serves on; what is published after that under the same name is another one."""
    write(redis, keys, meta_of("g1", many(1)), many(1))
    replica = made()
    replica.look()
    for key in redis.scan_iter(f"{keys.prefix}*"):
        redis.delete(key)
    replica.look()
    assert (look_up(replica, "5").weighed.tolist(), degraded()) == ([many(1)["5"]], 1)
    write(redis, keys, meta_of("g1", many(2)), many(2))
    replica.look()
    assert (look_up(replica, "5").weighed.tolist(), degraded()) == ([many(2)["5"]], 0)


def test_a_worker_that_starts_without_redis_uses_the_copy_of_its_host(
    redis: Redis, keys: Keys, made: Any, settings: Settings
) -> None:
    """Where there is one; it says which generation that is, and that no other can be read."""
    nowhere = Published(client(settings, 0.1, texts=False), Keys("x:"))
    nowhere.redis.connection_pool.connection_kwargs["port"] = 1
    write(redis, keys, meta_of("g1", many(1)), many(1))
    made().look()
    late = made()
    late._published = nowhere
    late.look()
    assert (look_up(late, "5").weighed.tolist(), degraded()) == ([many(1)["5"]], 1)
    fresh = made(Path(f"{folder(settings)}-other"))
    fresh._published, fresh._instead._redis = nowhere, nowhere.redis
    fresh.look()
    assert look_up(fresh, "5").fields(0) == {"score": None, "status": "unavailable", "generation": None}


def test_a_generation_of_an_older_release_is_asked_for_lot_by_lot(
    redis: Redis, keys: Keys, made: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has no chunks to copy, and the same scores all the same; said once."""
    scores = many(1)
    write(redis, keys, meta_of("g1", scores), scores, older=True)
    replica = made()
    replica.look()
    replica.look()
    assert look_up(replica, "5", "x").weighed.tolist() == [scores["5"], meta_of("g1", scores).mean]
    assert capsys.readouterr().out.count("churn.no_copy") == 1
    write(redis, keys, meta_of("g2", many(2)), many(2), fence=2)
    assert look_up(replica, "5").generation == "g2", "those who ask see the pointer move by themselves"
    replica.look()
    redis.delete(keys.current)
    assert look_up(replica, "5").weighed.tolist() == [many(2)["5"]]


def test_26_hours_without_a_new_generation_are_stale(redis: Redis, keys: Keys, made: Any) -> None:
    """By the time of each transaction: the one before that is fresh, also in the same lot."""
    scores = many(1)
    write(redis, keys, meta_of("g1", scores), scores)
    replica = made(age_ms=26 * HOUR_MS)
    replica.look()
    edge = round((AS_OF + timedelta(hours=26)).timestamp() * 1000)
    churn = replica.look_up(pa.array(["5", "5", "nobody"]), np.array([edge, edge + 1, edge + 1]))
    assert churn.counts() == {"fresh": 1, "stale": 1, "unknown_customer": 1, "unavailable": 0}
    assert churn.weighed.tolist() == [scores["5"], *[meta_of("g1", scores).mean] * 2]


def test_a_lot_is_of_one_generation_while_the_pointer_moves_beside_it(redis: Redis, keys: Keys, made: Any) -> None:
    """A thread follows every publication; each lot's scores are all of the generation that it names."""
    generations = {f"g{number}": many(number, 50) for number in range(4)}
    replica = made()
    done = threading.Event()

    def follow() -> None:
        while not done.is_set():
            replica.look()

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        for number in range(24):
            name = f"g{number % 4}"
            write(redis, keys, meta_of(name, generations[name]), generations[name], fence=number)
            for _ in range(5):
                churn = look_up(replica, *generations[name])
                wanted = generations.get(churn.generation or "")
                assert wanted is None or churn.weighed.tolist() == list(wanted.values())
    finally:
        done.set()
        thread.join()
    assert look_up(replica, "5").generation is not None


def test_the_thread_has_the_generation_before_the_first_lot(redis: Redis, keys: Keys, made: Any) -> None:
    """And follows the pointer by itself from then on."""
    write(redis, keys, meta_of("g1", many(1)), many(1))
    replica = made()
    replica._check_every_s = 0.02
    replica.start()
    assert look_up(replica, "5").weighed.tolist() == [many(1)["5"]]
    write(redis, keys, meta_of("g2", many(2)), many(2), fence=2)
    moved = threading.Event()
    for _ in range(200):
        if look_up(replica, "5").generation == "g2":
            break
        moved.wait(0.02)
    assert look_up(replica, "5").generation == "g2"


def test_two_redises_have_two_folders(settings: Settings) -> None:
    """A password changes nothing; another server, database or prefix does."""

    def place(url: str, prefix: str = "churn:") -> Path:
        redis = type(settings.redis)(url=url, prefix=prefix)  # type: ignore[arg-type]
        return folder(settings.model_copy(update={"redis": redis}))

    same = {place("redis://h:1/0"), place("redis://u:p@h:1/0"), place("redis://h:1/0?password=x")}
    other = [place("redis://h:2/0"), place("redis://h:1/1"), place("redis://h:1/0", "x:"), place("redis://h:1/0?db=3")]
    assert len(same) == 1
    assert len({*same, *other}) == 5


def test_scores_are_the_text_of_the_buckets(redis: Redis, keys: Keys) -> None:
    """What these tests publish is what the documented keys say."""
    write(redis, keys, meta_of("g1", many(1)), many(1))
    assert redis.hget(keys.bucket("g1", 0), "5") == to_text(many(1)["5"])


def test_an_erased_customer_leaves_the_hosts_copy(redis: Redis, keys: Keys, made: Any, tmp_path: Path) -> None:
    """A running worker sees the new fence, makes its copy anew and removes the old one; others' scores stay."""
    scores = {str(number): number * 100 for number in range(1_000)}
    publish(redis, keys, scores, generation="g1", as_of=AS_OF, published_at=AS_OF, model="m/1")
    place = tmp_path / "copies"
    replica = made(place)
    replica.look()
    [before] = place.glob("*.churn")
    places = Places(None, tmp_path / "nowhere", tmp_path / "work")
    assert Erasure(redis, keys, places, By())("421", AS_OF).redis == ["g1"]
    replica.look()
    assert [each.fields(0)["status"] for each in (look_up(replica, "421"), look_up(replica, "422"))] == [
        "unknown_customer",
        "fresh",
    ]
    [after] = place.glob("*.churn")
    assert after != before
