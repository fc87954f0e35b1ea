"""What a card did of late, asked over HTTP of a log that a real worker scored without writing every decision."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from confluent_kafka import Producer
from support.deployment import Deployment, fresh_settings

from fraudstream.local.running import Servers
from fraudstream.serving.product.histories import LogHistories
from schemas.partitioner import partition
from schemas.topics import Role
from serving.product import examples

CARD = "card-seen"
HIGH = 2_000_000
BAD = b'{"event_id": "bad", "card_id": "card-seen"}'


@pytest.fixture(scope="module")
def flagged_only(services: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """One card: before the group began, approved, flagged, refused, approved, not decided yet; others in between."""
    folder = tmp_path_factory.mktemp("flagged")
    found = Deployment(fresh_settings(services, folder), folder)
    try:
        _scored(found)
        yield found
    finally:
        found.end()


def _scored(found: Deployment) -> None:
    one = {"card_id": CARD, "country": "DE"}
    found.publish([found.transaction(number) for number in range(300)] + [found.transaction(1_000, **one)])
    time.sleep(0.05)
    began = datetime.now(UTC).isoformat()
    time.sleep(0.05)
    found.publish([found.transaction(1_001, **one), found.transaction(1_002, **one, amount_minor=HIGH)])
    producer = Producer({"bootstrap.servers": found.settings.kafka.bootstrap, "partitioner": "murmur2_random"})
    producer.produce(found.settings.topics.transactions, BAD, CARD.encode())
    assert producer.flush(30) == 0
    rows = [found.transaction(300 + number) for number in range(300)]
    found.publish([*rows, found.transaction(1_003, **one)])
    assert found.score("--max-messages", "304", score_start=began) == 0
    found.await_records(Role.FLAGS, 1)
    found.publish([found.transaction(1_004, **one), found.transaction(7)])


@pytest.fixture(scope="module")
def seen(flagged_only: Deployment, opened: Any) -> Iterator[Any]:
    with opened(flagged_only.settings) as door:
        yield door


def asked(door: Any, card: str = CARD, **query: Any) -> Any:
    answer = door.get(f"/v1/cards/{card}/transactions", **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def said(found: Any) -> list[tuple[str, str, str | None]]:
    return [(each["event_id"], each["status"], each["outcome"]) for each in found["transactions"]]


ALL = [
    ("event-1004", "waiting", None),
    ("event-1003", "unflagged", "approve"),
    ("event-1002", "decided", "block"),
    ("event-1001", "unflagged", "approve"),
    ("event-1000", "not_scored", None),
]


def test_it_tells_what_became_of_each(seen: Any) -> None:
    """Of one card among others, the newest first, with what the record says; a dead letter is nobody's."""
    found = asked(seen)
    assert said(found) == ALL
    flag, approved = found["transactions"][2:4]
    assert (flag["score"] > 0.9, flag["amount_minor"], flag["currency"], flag["country"]) == (True, HIGH, "EUR", "DE")
    assert (approved["score"], approved["channel"], approved["terminal_id"]) == (None, None, "term-1")
    assert flag["partition"] == found["partition"] == partition(CARD.encode(), 6, "murmur2")
    assert (found["ended"], found["complete"]) == ("beginning", True)
    assert found["looked_back_to"]["offset"] == 0
    assert found["looked_from"]["offset"] > found["transactions"][0]["offset"]
    assert found["looked_from"]["newest"] is True


def test_so_many_and_no_more(seen: Any) -> None:
    """How far it looked ends with the oldest that is told."""
    found = asked(seen, limit=2)
    assert said(found) == ALL[:2]
    assert (found["ended"], found["complete"]) == ("limit", True)
    last = found["transactions"][-1]
    assert found["looked_back_to"] == {"offset": last["offset"], "time": last["timestamp"]}


def test_one_of_them_is_among_them(seen: Any) -> None:
    """However many came after it; those that are left out are said to be."""
    place = {name: asked(seen)["transactions"][3][name] for name in ("partition", "offset")}
    found = asked(seen, limit=2, **place)
    assert said(found) == ALL[2:4]
    assert found["looked_from"]["newest"] is False
    assert said(asked(seen, limit=4, **place)) == ALL[1:]
    assert said(asked(seen, **place)) == ALL
    assert said(asked(seen, **place | {"offset": 1_000_000})) == ALL


def test_it_looks_back_no_further_than_it_is_told_to(flagged_only: Deployment) -> None:
    """What a bound ended is not complete, and says where it stopped; a flag beyond it is read from its own place."""
    serve = flagged_only.settings.serve.model_copy(update={"history_records": 20})
    histories = LogHistories(flagged_only.settings.model_copy(update={"serve": serve}))
    found = histories.of_card(CARD, None, 20)
    assert said(found) == ALL[:2]
    assert (found["ended"], found["complete"]) == ("bound", False)
    assert found["looked_back_to"]["offset"] == found["looked_from"]["offset"] - 20
    assert found["looked_back_to"]["time"] > 0
    [flag] = flagged_only.read(Role.FLAGS).decisions
    place = flag["source"]["partition"], flag["source"]["offset"]
    near = histories.of_card(CARD, place, 20)
    assert said(near)[0] == ALL[2]
    assert near["looked_from"] == {"offset": place[1] + 1, "newest": False}


def test_a_card_that_nobody_has_seen(seen: Any) -> None:
    """Has no transactions, as far as was looked."""
    found = asked(seen, "nobody")
    assert (found["transactions"], found["complete"], found["ended"]) == ([], True, "beginning")


def test_a_group_that_has_decided_nothing(flagged_only: Deployment) -> None:
    """Is waited for; what stands on the topic of flags counts all the same."""
    score = flagged_only.settings.score.model_copy(update={"group": "another"})
    found = LogHistories(flagged_only.settings.model_copy(update={"score": score})).of_card(CARD, None, 20)
    assert {each[1] for each in said(found)} == {"waiting", "decided"}


def test_every_decision_that_was_written_has_its_score(door: Any) -> None:
    """Approved ones too, where every decision is written."""
    found = asked(door, examples.CARD)["transactions"]
    assert {each["event_id"]: each["outcome"] for each in found} == {
        examples.EVENT: "approve",
        "event-101": "block",
        "event-100": "block",
        "event-17": "approve",
    }
    assert {each["status"] for each in found} == {"decided"}
    assert all(0 <= each["score"] <= 1 for each in found)


@pytest.mark.parametrize(
    "query", [{"partition": 0}, {"offset": 0}, {"partition": 99, "offset": 0}, {"limit": 0}, {"limit": "many"}]
)
def test_a_place_that_is_none_is_refused(seen: Any, query: dict[str, Any]) -> None:
    """In words, and not as a broker that is away."""
    answer = seen.get(f"/v1/cards/{CARD}/transactions", **query)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "BAD_REQUEST")
