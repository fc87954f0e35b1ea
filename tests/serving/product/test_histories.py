"""What a card did of late, asked over HTTP of a log that a real worker scored."""

from typing import Any

import pytest
from support.deployment import Deployment

from consumer.replaying.log import Deleted, Log
from fraudstream.serving.product.histories import LogHistories
from schemas.partitioner import partition
from schemas.settings import Settings
from serving.product import examples

CARD = examples.CARD
PATH = f"/v1/cards/{CARD}/transactions"
ALL = [
    ("event-102", "waiting", None),
    (examples.EVENT, "decided", "approve"),
    ("event-101", "decided", "block"),
    ("event-100", "decided", "block"),
    ("event-17", "decided", "approve"),
    ("event-98", "not_scored", None),
]


def asked(door: Any, **query: Any) -> Any:
    answer = door.get(PATH, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def said(found: Any) -> list[tuple[str, str, str | None]]:
    return [(each["event_id"], each["status"], each["outcome"]) for each in found["transactions"]]


def with_other(settings: Settings, part: str, /, **fields: object) -> Settings:
    return settings.model_copy(update={part: getattr(settings, part).model_copy(update=fields)})


def test_it_tells_what_became_of_each(door: Any) -> None:
    """Of one card among others, the newest first, with what the record says; a dead letter is nobody's."""
    found = asked(door)
    assert said(found) == ALL
    waiting, approved, flag = found["transactions"][:3]
    assert (flag["score"] > 0.9, flag["amount_minor"], flag["currency"]) == (True, 2_000_000, "EUR")
    assert (approved["score"] < 0.5, approved["country"], approved["channel"]) == (True, "DE", "ONLINE")
    assert (waiting["score"], waiting["country"], waiting["terminal_id"]) == (None, None, "term-1")
    assert flag["partition"] == found["partition"] == partition(CARD.encode(), 6, "murmur2")
    assert (found["ended"], found["complete"]) == ("beginning", True)
    assert found["looked_back_to"]["offset"] == 0
    assert found["looked_from"] == {"offset": waiting["offset"] + 1, "newest": True}


def test_without_every_decision_what_was_not_flagged_was_approved(streamed: Deployment) -> None:
    """The same outcomes, without the scores that were not written."""
    found = LogHistories(with_other(streamed.settings, "topics", scores="no-such-topic")).of_card(CARD, None, 20)
    unflagged = [(event, "unflagged" if outcome == "approve" else status, outcome) for event, status, outcome in ALL]
    assert said(found) == unflagged
    assert [each["score"] is not None for each in found["transactions"]] == [False, False, True, True, False, False]


def test_so_many_and_no_more(door: Any) -> None:
    """How far it looked ends with the oldest that is told."""
    found = asked(door, limit=2)
    assert said(found) == ALL[:2]
    assert (found["ended"], found["complete"]) == ("limit", True)
    last = found["transactions"][-1]
    assert found["looked_back_to"] == {"offset": last["offset"], "time": last["timestamp"]}


def test_one_of_them_is_among_them(door: Any) -> None:
    """However many came after it; those that are left out are said to be."""
    place = {name: asked(door)["transactions"][3][name] for name in ("partition", "offset")}
    found = asked(door, limit=2, **place)
    assert said(found) == ALL[2:4]
    assert found["looked_from"]["newest"] is False
    assert said(asked(door, limit=4, **place)) == ALL[1:5]
    assert said(asked(door, **place)) == ALL
    assert said(asked(door, **place | {"offset": 1_000_000})) == ALL


def test_it_looks_back_no_further_than_it_is_told_to(streamed: Deployment) -> None:
    """What a bound ended is not complete, and says where it stopped; a flag beyond it is read from its own place."""
    histories = LogHistories(with_other(streamed.settings, "serve", history_records=3))
    found = histories.of_card(CARD, None, 20)
    assert said(found) == ALL[:2]
    assert (found["ended"], found["complete"]) == ("bound", False)
    assert found["looked_back_to"]["offset"] == found["looked_from"]["offset"] - 3
    assert found["looked_back_to"]["time"] > 0
    flag = LogHistories(streamed.settings).of_card(CARD, None, 4)["transactions"][3]
    near = histories.of_card(CARD, (flag["partition"], flag["offset"]), 20)
    assert near["transactions"][0]["event_id"] == "event-100"
    assert near["looked_from"] == {"offset": flag["offset"] + 1, "newest": False}


def test_what_is_deleted_meanwhile_is_not_the_callers_fault(
    streamed: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retention may take the beginning of a log that was opened: it is opened anew, and begins later."""
    inputs: list[Log] = []

    def opened(log: Log, *given: Any) -> None:
        make(log, *given)
        if log.topic == streamed.settings.topics.transactions:
            inputs.append(log)
            if len(inputs) == 1:
                monkeypatch.setattr(log, "messages", fail)

    def fail(*_: Any) -> Any:
        raise Deleted("records were deleted", fix="")

    make = Log.__init__
    monkeypatch.setattr(Log, "__init__", opened)
    assert said(LogHistories(streamed.settings).of_card(CARD, None, 20)) == ALL
    assert len(inputs) == 2


def test_a_card_that_nobody_has_seen(door: Any) -> None:
    """Has no transactions, as far as was looked."""
    found = door.get("/v1/cards/nobody%2Fat-all/transactions").json()
    assert (found["card"], found["transactions"]) == ("nobody/at-all", [])
    assert (found["complete"], found["ended"]) == (True, "beginning")


def test_a_group_that_has_decided_nothing(streamed: Deployment) -> None:
    """Is waited for; what was published counts all the same."""
    settings = with_other(with_other(streamed.settings, "score", group="another"), "topics", scores="no-such-topic")
    found = LogHistories(settings).of_card(CARD, None, 20)
    assert {each[1] for each in said(found)} == {"waiting", "decided"}


@pytest.mark.parametrize(
    "query", [{"partition": 0}, {"offset": 0}, {"partition": 99, "offset": 0}, {"limit": 0}, {"limit": "many"}]
)
def test_a_place_that_is_none_is_refused(door: Any, query: dict[str, Any]) -> None:
    """In words, and not as a broker that is away."""
    answer = door.get(PATH, **query)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "BAD_REQUEST")
