import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from confluent_kafka import Message

from fraudstream.commands.simulate import simulate
from producer.files import Format
from schemas.errors import Usage
from schemas.framing import Framing
from schemas.settings import Settings

ReadAll = Callable[[str], list[Message]]
DAY_MS = 86_400_000
Program = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def target(settings: Settings) -> dict[str, Any]:
    return {"bootstrap": settings.kafka.bootstrap, "topic": settings.topics.transactions}


def values(messages: list[Message]) -> list[dict[str, Any]]:
    return sorted((json.loads(message.value() or b"") for message in messages), key=lambda each: str(each["event_id"]))


def test_sends_as_many_as_told(target: dict[str, Any], read_all: ReadAll, capsys: pytest.CaptureFixture[str]) -> None:
    """The count is exact, the events happen now but for the late ones, and the seed that repeats them is told."""
    before = time.time() * 1000 - 1
    simulate(count=500, customers=20, framing=Framing.JSON, **target)
    found = values(read_all(target["topic"]))
    assert len(found) == 500
    assert sum(before <= each["event_time"] <= time.time() * 1000 for each in found) > 480
    told = capsys.readouterr().err
    assert "made 500 = published 500;" in told
    assert f"--seed {found[0]['event_id'].split('-')[1]} repeats them" in told


def test_the_same_seed_sends_the_same(target: dict[str, Any], read_all: ReadAll) -> None:
    """With a seed and a start two runs send equal transactions, at whatever rate."""
    options: dict[str, Any] = {"seed": 9, "customers": 20, "start": "2026-01-31T06:00:00Z", "framing": Framing.JSON}
    simulate(count=100, **options, **target)
    simulate(count=100, rate=400.0, **options, **target)
    messages = read_all(target["topic"])
    found = values(messages)
    assert found[::2] == found[1::2]
    assert found[0]["event_time"] >= 1_769_839_200_000
    assert all(0 <= message.timestamp()[1] - 1_769_839_200_000 < 3 * DAY_MS for message in messages)


def test_seconds_bound_it(target: dict[str, Any], read_all: ReadAll) -> None:
    """Without a count it sends at its usual rate and stops after the time given."""
    began = time.monotonic()
    simulate(seconds=1.0, customers=20, rate=200.0, **target)
    assert time.monotonic() - began < 5.0
    assert 100 < len(read_all(target["topic"])) <= 250


def test_ctrl_c_ends_it_in_order(target: dict[str, Any], read_all: ReadAll, program: Program) -> None:
    """Interrupted it delivers what is under way, gives its account and ends with code 0."""
    process = program("simulate", "--bootstrap", target["bootstrap"], "--topic", target["topic"])
    deadline = time.monotonic() + 30
    while not read_all(target["topic"]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 0
    published = int(told.partition("published ")[2].partition(";")[0].partition(" ")[0].replace(",", ""))
    assert published == len(read_all(target["topic"])) > 0


@pytest.mark.parametrize("style", list(Format))
def test_a_file_is_the_same_every_time(tmp_path: Path, style: Format) -> None:
    """The same seed writes the same files, whichever format, and no broker is needed."""
    kinds = {"out": "transactions", "labels_out": "labels", "truth_out": "truths"}
    for run in ("one", "two"):
        (tmp_path / run).mkdir()
        files = {option: str(tmp_path / run / f"{name}.{style}") for option, name in kinds.items()}
        simulate(count=1_000, seed=3, customers=20, **files)
    for name in kinds.values():
        one, two = ((tmp_path / run / f"{name}.{style}").read_bytes() for run in ("one", "two"))
        assert one == two
        assert len(one) > 2_000


def test_days_of_transactions_labels_and_truths(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files of so many days: everything in the order of record timestamps, and a label for nearly every event."""
    files = {name: tmp_path / f"{name}.parquet" for name in ("transactions", "labels", "truths")}
    out, labels_out, truth_out = (str(each) for each in files.values())
    options: dict[str, Any] = {"fraud_mix": "stolen_card=1", "start": "2026-03-01T12:00:00Z", "customers": 500}
    simulate(days=7, seed=3, out=out, labels_out=labels_out, truth_out=truth_out, **options)
    tables = {name: pq.read_table(path) for name, path in files.items()}
    for name in ("transactions", "labels"):
        times = tables[name]["timestamp"].cast("int64").to_pylist()
        assert times == sorted(times)
        assert times[0] >= 1_772_366_400_000
    events = set(tables["transactions"]["event_id"].to_pylist())
    assert events == set(tables["truths"]["event_id"].to_pylist())
    assert 0.95 < len(set(tables["labels"]["event_id"].to_pylist())) / len(events) < 1.0
    assert set(tables["truths"]["scenario"].to_pylist()) == {"genuine", "stolen_card"}
    told = capsys.readouterr().err
    assert told.startswith(f"wrote {len(tables['transactions']):,} transactions, {len(tables['labels']):,} labels, ")


def test_history_with_labels(target: dict[str, Any], settings: Settings, read_all: ReadAll, tmp_path: Path) -> None:
    """Days up to now go to both topics with their record timestamps; labels are keyed by card and none lies ahead."""
    truth = tmp_path / "truth.csv"
    labels = settings.topics.labels
    simulate(days=12, seed=4, customers=20, labels_out=labels, truth_out=str(truth), framing=Framing.JSON, **target)
    now = time.time() * 1000
    sent, known = read_all(target["topic"]), read_all(labels)
    events = {json.loads(message.value() or b"")["event_id"]: message for message in sent}
    assert len(truth.read_text().splitlines()) == len(events) + 1
    assert len(known) > len(events) / 4
    for message in known:
        label = json.loads(message.value() or b"")
        event = events[label["event_id"]]
        assert event.timestamp()[1] < message.timestamp()[1] <= now
        assert message.key() == event.key() == label["card_id"].encode()
        assert message.partition() == event.partition()
        assert "timestamp" not in label
    assert all(now - 13 * DAY_MS < message.timestamp()[1] <= now for message in sent)


def test_labels_as_they_become_known(target: dict[str, Any], settings: Settings, read_all: ReadAll) -> None:
    """Live labels say the time at which their transaction was sent."""
    labels = settings.topics.labels
    simulate(count=1_500, seed=4, customers=20, labels_out=labels, framing=Framing.JSON, **target)
    times = {each["event_id"]: each["event_time"] for each in values(read_all(target["topic"]))}
    known = values(read_all(labels))
    assert len(known) > 100
    assert all(each["event_time"] == times[each["event_id"]] for each in known)


def test_a_warm_up_is_sent_at_once_and_the_rest_at_its_rate(
    target: dict[str, Any], settings: Settings, read_all: ReadAll, capsys: pytest.CaptureFixture[str]
) -> None:
    """One run of one simulation: the same records as without a pace, verdicts as they become known."""
    options: dict[str, Any] = {"seed": 4, "customers": 20, "start": "2026-01-01T00:00:00Z", "framing": Framing.JSON}
    options |= {"labels_out": settings.topics.labels}
    began = time.monotonic()
    simulate(warm_up=8, rate=40.0, seconds=1.5, **options, **target)
    took = time.monotonic() - began
    sent, known = read_all(target["topic"]), read_all(settings.topics.labels)
    live_ms = 1_767_225_600_000 + 8 * DAY_MS
    live = [message for message in sent if message.timestamp()[1] >= live_ms]
    assert 1.4 < took < 20.0
    assert 30 <= len(live) <= 70
    assert len(sent) - len(live) > 500
    assert any(message.timestamp()[1] >= live_ms for message in known)
    assert (
        f"the warm-up is over: {len(sent) - len(live):,} published; from here on 40 a second" in capsys.readouterr().err
    )
    simulate(count=len(sent), **options | {"labels_out": None}, **target)
    both = values(read_all(target["topic"]))
    assert both[::2] == both[1::2]


def test_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """With --out - rows go to standard output and words for people do not."""
    simulate(count=5, seed=3, customers=20, out="-")
    output, told = capfdbinary.readouterr()
    assert [json.loads(line)["event_id"] for line in output.splitlines()] == [f"sim-3-00000000000{n}" for n in range(5)]
    assert told == b"wrote 5 transactions; --seed 3 repeats them\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"out": "x.jsonl", "rate": 5.0}, "--rate"),
        ({"out": "x.jsonl", "warm_up": 5}, "--warm-up"),
        ({"warm_up": 5}, "--warm-up"),
        ({"out": "x.txt"}, "x.txt"),
        ({"out": "/dev/null/x.csv"}, "--out"),
        ({"out": "x.csv", "start": "2026-01-31T06:00:00"}, "--start"),
        ({"out": "x.csv", "start": "yesterday"}, "--start"),
        ({"out": "x.csv", "labels_out": "fraud-labels"}, "--labels-out"),
        ({"out": "x.csv", "labels_out": "/dev/null/x.csv"}, "--labels-out"),
        ({"out": "x.csv", "truth_out": "truth"}, "truth"),
        ({"out": "x.csv", "fraud_mix": "theft=1"}, "--fraud-mix"),
    ],
)
def test_options_that_do_not_fit(
    options: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is a usage error that names the option."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Usage, match=said):
        simulate(count=5, customers=20, **options)
