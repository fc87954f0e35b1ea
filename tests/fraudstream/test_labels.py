"""Verdicts from the command line to the label topic, one and many, good and bad."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Message
from support.deployment import Deployment
from support.label_topic import DAY, T0, Clock, asked, reading

from fraudstream.commands.labels import Known, Verdict, import_labels, label
from fraudstream.commands.simulate import simulate
from producer.files import Format
from schemas.contracts import LABEL
from schemas.errors import Misconfigured, Usage
from schemas.framing import Framing
from schemas.partitioner import partition
from schemas.settings import Settings

ReadAll = Callable[[str], list[Message]]
ROW: dict[str, Any] = {
    "event_id": "e1",
    "card_id": "card-1",
    "terminal_id": "term-1",
    "amount_minor": 1_250,
    "currency": "EUR",
    "event_time": T0,
    "is_fraud": True,
    "source": "customer",
}
TOLD: dict[str, Any] = {
    "card": "card-1",
    "terminal": "term-1",
    "amount": 1_250,
    "currency": "EUR",
    "event_time": "2026-01-05T00:00:00Z",
}


@pytest.fixture
def target(settings: Settings) -> dict[str, Any]:
    """Where the labels of this deployment go."""
    return {
        "bootstrap": settings.kafka.bootstrap,
        "sets": [f"topics.{name}={getattr(settings.topics, name)}" for name in ("transactions", "labels")],
    }


def values(messages: list[Message]) -> list[dict[str, Any]]:
    return [json.loads(message.value() or b"") for message in messages]


def lines_of(*rows: object) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_a_verdict_that_is_told_in_full(
    target: dict[str, Any], read_all: ReadAll, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is looked up; the record stands where its card's transactions do, known now."""
    before = time.time() * 1000
    label("e1", Verdict.FRAUD, framing=Framing.JSON, **TOLD, **target)
    (message,) = read_all(settings.topics.labels)
    assert values([message]) == [ROW | {"source": "investigator"}]
    assert message.key() == b"card-1"
    assert message.partition() == partition(b"card-1", settings.topics.partitions, "murmur2")
    assert before - 1000 <= message.timestamp()[1] <= time.time() * 1000 + 1000
    assert "e1 of card card-1 is fraud" in capsys.readouterr().err


def test_what_is_not_told_is_looked_up(
    deployment: Deployment, target: dict[str, Any], read_all: ReadAll, settings: Settings
) -> None:
    """The transaction's own card, terminal, amount, currency and time; the correction comes after."""
    deployment.publish([deployment.transaction(number, amount_minor=100 + number) for number in range(500)])
    label("event-123", Verdict.FRAUD, framing=Framing.JSON, source="customer", **target)
    label("event-123", Verdict.GENUINE, framing=Framing.JSON, card="card-23", **target)
    found = values(read_all(settings.topics.labels))
    transaction = deployment.transaction(123, amount_minor=223)
    for name in ("card_id", "terminal_id", "amount_minor", "currency", "event_time"):
        assert [each[name] for each in found] == [transaction[name]] * 2
    assert [(each["is_fraud"], each["source"]) for each in found] == [(True, "customer"), (False, "investigator")]


def test_the_default_framing_is_read_by_the_worker(target: dict[str, Any], settings: Settings) -> None:
    """End to end: the verdict of the command is what the book of a worker answers with."""
    label("e1", Verdict.FRAUD, **TOLD, **target)
    with reading(settings, clock=Clock(T0 + 10 * DAY)) as bench:
        bench.settle()
        assert bench.learned == 1
        assert asked(bench.book, 2_000_000_000_000 - 1).terminal_fraud_30d.sum() == 0
        assert asked(bench.book, int(time.time() * 1000) + DAY).terminal_fraud_30d[1] == 1


def test_an_event_that_is_not_there(deployment: Deployment, target: dict[str, Any]) -> None:
    """It is said, with what else would do."""
    deployment.publish([deployment.transaction(1)])
    with pytest.raises(Usage, match="no transaction event-2 of the last 30d") as caught:
        label("event-2", Verdict.FRAUD, card="card-1", **target)
    assert "--terminal, --amount, --currency, --event-time" in caught.value.fix
    assert "--within" in caught.value.fix


def test_what_is_told_must_agree_with_the_transaction(
    deployment: Deployment, target: dict[str, Any], read_all: ReadAll, settings: Settings
) -> None:
    """A verdict on another card than the event's would be held against the wrong one."""
    deployment.publish([deployment.transaction(1)])
    with pytest.raises(Usage, match="--card says card-9, the transaction event-1 says card-1"):
        label("event-1", Verdict.FRAUD, card="card-9", **target)
    assert read_all(settings.topics.labels) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"amount": -1}, "amount_out_of_range"),
        ({"currency": "euro"}, "currency_invalid"),
        ({"card": ""}, "empty_field"),
        ({"event_time": "yesterday"}, "--event-time yesterday is not a time"),
        ({"source": ""}, "empty_field: source"),
        ({"within": "long"}, "--within long is no length of time"),
    ],
)
def test_a_verdict_that_nobody_could_use(
    target: dict[str, Any], read_all: ReadAll, settings: Settings, wrong: dict[str, Any], said: str
) -> None:
    """It is refused with the reason the scorer would have, and not sent."""
    with pytest.raises(Usage, match=said):
        label("e1", Verdict.FRAUD, **(TOLD | wrong), **target)
    assert read_all(settings.topics.labels) == []


def test_good_rows_are_sent_and_bad_ones_told(
    target: dict[str, Any], read_all: ReadAll, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With line and reason; the account adds up, and the exit says that not all were sent."""
    file, rejects = tmp_path / "labels.jsonl", tmp_path / "rejects.jsonl"
    bad = [ROW | {"is_fraud": "yes"}, {name: cell for name, cell in ROW.items() if name != "source"}]
    file.write_text(lines_of(ROW, *bad, ROW | {"event_id": "e2", "is_fraud": False}) + "{nonsense\n")
    with pytest.raises(Usage, match="3 of 5 rows were not sent") as caught:
        import_labels(str(file), framing=Framing.JSON, rejects=rejects, **target)
    assert caught.value.exit_code == 64
    found = values(read_all(settings.topics.labels))
    assert [(each["event_id"], each["is_fraud"]) for each in found] == [("e1", True), ("e2", False)]
    told = capsys.readouterr().err
    assert "line 2: wrong_type: is_fraud" in told
    assert "read 5 = published 2 + rejected 3" in told
    assert [json.loads(line)["line"] for line in rejects.read_text().splitlines()] == [2, 3, 5]


@pytest.mark.parametrize("style", list(Format))
def test_simulated_labels_come_with_their_own_times(
    target: dict[str, Any], read_all: ReadAll, settings: Settings, tmp_path: Path, style: Format
) -> None:
    """A history in any format keeps when each verdict was known, and none is refused."""
    file, lines = tmp_path / f"labels.{style}", tmp_path / "labels.jsonl"
    for out in {file, lines}:
        simulate(count=400, seed=3, customers=50, out=str(tmp_path / "made.jsonl"), labels_out=str(out))
    import_labels(str(file), known=Known.COLUMN, **target)
    found = read_all(settings.topics.labels)
    wanted = [json.loads(line)["timestamp"] for line in lines.read_text().splitlines()]
    assert len(wanted) > 300
    assert sorted(message.timestamp()[1] for message in found) == sorted(wanted)
    assert all((message.value() or b"").startswith(b"\xc3\x01" + LABEL.fingerprint) for message in found)


def test_rows_that_do_not_say_when_they_were_known(
    target: dict[str, Any], read_all: ReadAll, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the column is asked for, a row without it, or with a time beyond reach, is told and not sent."""
    file = tmp_path / "labels.jsonl"
    file.write_text(lines_of(ROW, ROW | {"timestamp": 5}, ROW | {"timestamp": T0}))
    with pytest.raises(Usage, match="2 of 3 rows"):
        import_labels(str(file), known=Known.COLUMN, **target)
    told = capsys.readouterr().err
    assert "line 1: missing_field: timestamp" in told
    assert "line 2: time_out_of_range: timestamp" in told
    assert [message.timestamp()[1] for message in read_all(settings.topics.labels)] == [T0]


def test_a_file_of_something_else(target: dict[str, Any], tmp_path: Path) -> None:
    """What its header lacks is named."""
    file = tmp_path / "table.csv"
    file.write_text("event_id,card_id\ne1,card-1\n")
    with pytest.raises(Usage, match="terminal_id") as caught:
        import_labels(str(file), **target)
    assert "a label has event_id" in caught.value.fix


def test_no_topic(target: dict[str, Any]) -> None:
    """The command that makes it is named."""
    with pytest.raises(Misconfigured, match="no topic 'nowhere'"):
        label("e1", Verdict.FRAUD, topic="nowhere", **TOLD, **target)
