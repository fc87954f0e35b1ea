"""`fraudstream state rebuild` and `switch` on a real Kafka: another group goes on where one stood, with warm state."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from confluent_kafka import Consumer, Producer, TopicPartition
from support.deployment import Deployment
from support.refold import decided, refolded
from support.typed import Typed

from consumer.dead_letter_limits import Counters, encode
from consumer.snapshots.digest import fold_digest
from fraudstream import switching
from fraudstream.doctor.offsets import Offsets
from fraudstream.groups import of_group
from producer.orders import read, standing
from schemas.orders import Verb
from schemas.settings import Settings, load
from schemas.topics import Role

T0, HOUR = 1_767_571_200_000, 3_600_000
WHY = ("--why", "another window", "--who", "ann")
GIVEN: dict[str, str] = {"score_start": "earliest", "output_scores": "true", "score_membership": "dynamic"}
FOLD = {"cards.entries": "8"}
"""What the new group does otherwise: hot cards are counted by the hour much earlier."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Commands that log say where to; what they were told ends with the test."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def into(settings: Settings) -> str:
    return f"{settings.score.group}-next"


def publish(deployment: Deployment, numbers: range) -> None:
    """Fifty cards over weeks, some payments late."""
    producer = Producer({"bootstrap.servers": deployment.settings.kafka.bootstrap, "partitioner": "murmur2_random"})
    for number in numbers:
        at = T0 + number * HOUR // 4
        fields: dict[str, Any] = {"amount_minor": 500 + number * 37 % 9_000, "country": "DE"}
        row = deployment.transaction(number, **fields, event_time=at - HOUR * 30 * (number % 17 == 5))
        key, value = str(row["card_id"]).encode(), json.dumps(row).encode()
        producer.produce(deployment.settings.topics.transactions, value, key, timestamp=at)
    assert producer.flush(30) == 0


def changed(deployment: Deployment, into: str) -> Deployment:
    settings = deployment.settings
    cards = settings.cards.model_copy(update={"entries": int(FOLD["cards.entries"])})
    return Deployment(of_group(settings, into).model_copy(update={"cards": cards}), deployment.folder)


def sets() -> list[str]:
    return [word for name, value in FOLD.items() for word in ("--set", f"{name}={value}")]


def fill(settings: Settings, count: int = 30, partition: int = 3) -> None:
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap})
    for number in range(count):
        producer.produce(settings.topics.transactions, b"{}", partition=partition, timestamp=T0 + number)
    assert producer.flush(15) == 0


def commit(settings: Settings, offset: int, text: str = "", partition: int = 3) -> None:
    consumer = Consumer({"bootstrap.servers": settings.kafka.bootstrap, "group.id": settings.score.group})
    place = TopicPartition(settings.topics.transactions, partition, offset, text)
    consumer.commit(offsets=[place], asynchronous=False)
    consumer.close()


def test_a_group_with_another_fold_takes_over(deployment: Deployment, typed: Typed, into: str) -> None:
    """Beside the one that runs, which notices nothing; every record has one decision, each with the features of its
    group's own fold of the whole log, to the last bit.
    """
    settings, new = deployment.settings, changed(deployment, into)
    assert fold_digest(settings) != fold_digest(new.settings)
    first = deployment.start(**GIVEN)
    publish(deployment, range(1_200))
    deployment.await_records(Role.SCORES, 1_200)
    said = typed.well("state", "rebuild", "--into", into, *sets()).out
    assert f"the group {into} has state up to where {settings.score.group} stands, 1,200 records folded" in said
    publish(deployment, range(1_200, 1_500))
    deployment.await_records(Role.SCORES, 1_500)
    assert ", 300 records folded" in typed.well("state", "rebuild", "--into", into, *sets()).out
    assert "is at work" in typed.badly(64, "state", "switch", "--into", into, *WHY)
    assert len(deployment.await_event("source.assigned")) == 1
    assert deployment.stop(first) == 0
    publish(deployment, range(1_500, 1_600))
    assert "nothing was switched" in typed.well("state", "switch", "--into", into, *WHY, "--dry-run", *sets()).out
    assert set(new.committed().values()) == {-1001}
    said = typed.well("state", "switch", "--into", into, *WHY, *sets()).out
    assert said.count("state from the snapshot at") == settings.topics.partitions
    assert new.committed() == deployment.committed()
    given = GIVEN | {"score_group": into, "cards_entries": FOLD["cards.entries"], "score_start": "end"}
    second = deployment.start(**given)
    publish(deployment, range(1_600, 1_700))
    decisions = deployment.await_records(Role.SCORES, 1_700).decisions
    assert deployment.stop(second) == 0
    found, old, fresh = decided(decisions), refolded(deployment), refolded(new)
    assert found.keys() == fresh.keys()
    ends = deployment.committed()
    assert found == {where: (fresh if where[1] >= ends[where[0]] else old)[where] for where in fresh}
    assert any(old[where] != fresh[where] for where in fresh if where[1] >= ends[where[0]])
    restored = [each["from"] for each in deployment.events() if each["event"] == "state.restored"]
    assert restored[-settings.topics.partitions :] == ["snapshot"] * settings.topics.partitions


def test_what_held_for_the_old_group_holds_for_the_new_one(settings: Settings, typed: Typed, into: str) -> None:
    """Pauses, skips, stops and what is counted beside offsets go along, with who ordered them; it is on record."""
    fill(settings)
    text = encode(Counters(3, 10, 5, (2,), 20))
    commit(settings, 20, text)
    commit(settings, 0, partition=1)
    typed.well("operate", "pause", 1, *WHY)
    typed.well("operate", "skip", 3, 25, *WHY)
    typed.well("operate", "drain", "app-node-0", *WHY)
    typed.well("dlq", "resume", 3, *WHY)
    said = typed.well("state", "switch", "--into", into, "--why", "the new release", "--who", "bob").out
    assert "4 orders with them" in said
    assert said.splitlines()[1].startswith("partition 3: none -> 20; begins there; state from the log, 20 offsets")
    new = of_group(settings, into)
    held = standing(new, print)
    assert (set(held.paused), set(held.skipped), set(held.drained)) == ({1}, {(3, 25)}, {"app-node-0"})
    assert set(held.resumed) == {"3@20"}
    assert held.paused[1].who == "ann"
    assert held.moved[3].why == f"the new release (takes over from {settings.score.group})"
    assert texts(new) == {1: "", 3: text}
    assert typed.well("state", "switch", "--into", into, "--why", "once more").code == 0
    again = standing(new, print)
    assert (again.paused, again.skipped, set(again.resumed)) == (held.paused, held.skipped, {"3@20"})


def texts(settings: Settings) -> dict[int, str]:
    return Offsets(settings).texts()


def test_what_was_skipped_is_not_in_the_new_state(deployment: Deployment, typed: Typed, into: str) -> None:
    """Nor will it be when the log is folded anew: the order goes along."""
    settings, topic = deployment.settings, deployment.settings.topics.transactions
    publish(deployment, range(100))
    consumer = Consumer({"bootstrap.servers": settings.kafka.bootstrap, "group.id": settings.score.group})
    places = [TopicPartition(topic, number) for number in range(settings.topics.partitions)]
    ends = {each.partition: consumer.get_watermark_offsets(each, timeout=10)[1] for each in places}
    consumer.close()
    typed.well("operate", "skip", 3, 0, *WHY)
    for partition, end in ends.items():
        commit(settings, end, partition=partition)
    typed.well("state", "rebuild", "--into", into)
    rows = json.loads(typed.well("state", "show", "--json", "--set", f"score.group={into}").out)
    assert {each["partition"]: each["offset"] for each in rows} == ends
    assert sum(each["entries"] for each in rows) == 99


def test_an_open_transaction_is_waited_for(settings: Settings, into: str) -> None:
    """A worker that was killed may have sent offsets that will count: what it stood at is not known before."""
    fill(settings)
    commit(settings, 5)
    consumer = Consumer({"bootstrap.servers": settings.kafka.bootstrap, "group.id": settings.score.group})
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap, "transactional.id": settings.score.app})
    producer.init_transactions(15)
    producer.begin_transaction()
    place = TopicPartition(settings.topics.transactions, 3, 9)
    producer.send_offsets_to_transaction([place], consumer.consumer_group_metadata(), 15)
    ending = threading.Timer(2.0, producer.commit_transaction, [15])
    ending.start()
    plan = switching.plan(settings, into, print)
    ending.join()
    assert [(each.partition, each.after) for each in plan.moves] == [(3, 9)]
    consumer.close()


@pytest.mark.parametrize("verb", ["rebuild", "switch"])
def test_what_cannot_be(settings: Settings, typed: Typed, into: str, verb: str) -> None:
    """The group itself, one that never was, one that answered already; what to do is said, and nothing happens."""
    words = ("state", verb, *(WHY if verb == "switch" else ()))
    assert "is the group itself" in typed.badly(64, *words, "--into", settings.score.group)
    assert "state seed" in typed.badly(64, *words, "--into", into)
    fill(settings)
    commit(settings, 20)
    commit(of_group(settings, into), 7)
    assert "operate move" in typed.badly(64, *words, "--into", into)
    assert [each for each in read(settings, print) if each.verb is Verb.MOVED] == []


def test_a_store_that_is_full_or_away_ends_it(settings: Settings, typed: Typed, into: str, tmp_path: Path) -> None:
    """69, with where: what was not written is no state."""
    fill(settings)
    commit(settings, 20)
    (tmp_path / "state").write_text("a file in the way")
    said = typed.badly(69, "state", "rebuild", "--into", into)
    assert str(tmp_path / "state") in said


def test_the_same_settings_for_another_group(settings: Settings) -> None:
    """Nothing else of them changes."""
    other = of_group(settings, "other")
    assert other.score.group == "other"
    assert other.model_copy(update={"score": settings.score}) == settings
    assert load({}, env={}).score.group != "other"
