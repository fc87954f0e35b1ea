import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Message

from fraudstream.commands.publish import Stamp, publish
from fraudstream.commands.simulate import simulate
from producer.files import Format
from schemas.contracts import TRANSACTION
from schemas.errors import DependencyAway, Misconfigured, Usage
from schemas.framing import Framing
from schemas.settings import Settings

ReadAll = Callable[[str], list[Message]]
Program = Callable[..., subprocess.Popen[str]]
ROW: dict[str, Any] = {
    "event_id": "e1",
    "event_time": 1_767_225_600_000,
    "card_id": "card-1",
    "customer_id": "1",
    "terminal_id": "t1",
    "amount_minor": 100,
    "currency": "EUR",
}


@pytest.fixture
def target(settings: Settings) -> dict[str, Any]:
    return {"bootstrap": settings.kafka.bootstrap, "topic": settings.topics.transactions}


def lines_of(rows: Sequence[object]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def values(messages: list[Message]) -> list[dict[str, Any]]:
    return [json.loads(message.value() or b"") for message in messages]


def test_good_rows_are_sent_and_bad_ones_told(
    target: dict[str, Any], read_all: ReadAll, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a mixed file the good rows arrive, the bad ones are told and listed, and the account adds up."""
    rows = [ROW | {"event_id": f"e{number}"} for number in range(97)]
    file, rejects = tmp_path / "mixed.jsonl", tmp_path / "rejects.jsonl"
    file.write_text(lines_of([*rows, ROW | {"amount_minor": -5}]) + "{nonsense\n" + lines_of([ROW | {"card_id": ""}]))
    with pytest.raises(Usage, match="3 of 100 rows were not sent") as caught:
        publish(str(file), framing=Framing.JSON, rejects=rejects, **target)
    assert caught.value.exit_code == 64
    assert str(rejects) in caught.value.fix
    assert sorted(each["event_id"] for each in values(read_all(target["topic"]))) == sorted(
        row["event_id"] for row in rows
    )
    told = capsys.readouterr().err
    assert "line 98: amount_out_of_range" in told
    assert "read 100 = published 97 + rejected 3" in told
    listed = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert [(each["line"], each["reason"]) for each in listed] == [
        (98, "amount_out_of_range"),
        (99, "invalid_json"),
        (100, "empty_field"),
    ]


def test_strict_stops_at_the_first_bad_row(target: dict[str, Any], read_all: ReadAll, tmp_path: Path) -> None:
    """What stands before the bad row arrives, what stands behind it does not."""
    file = tmp_path / "mixed.jsonl"
    file.write_text(lines_of([ROW, ROW | {"currency": "euro"}, ROW | {"event_id": "e3"}]))
    with pytest.raises(Usage, match="line 2: currency_invalid"):
        publish(str(file), framing=Framing.JSON, strict=True, **target)
    assert [each["event_id"] for each in values(read_all(target["topic"]))] == ["e1"]


@pytest.mark.parametrize("style", list(Format))
def test_every_format_round_trips(target: dict[str, Any], read_all: ReadAll, tmp_path: Path, style: Format) -> None:
    """A simulated file of any format is published in the default framing, keyed by card, and nothing is refused."""
    file = tmp_path / f"made.{style}"
    simulate(count=300, seed=1, customers=50, out=str(file))
    publish(str(file), **target)
    found = read_all(target["topic"])
    assert len(found) == 300
    assert all((message.value() or b"").startswith(b"\xc3\x01" + TRANSACTION.fingerprint) for message in found)
    assert all((message.key() or b"").startswith(b"card-") for message in found)


def test_confluent_framing_registers_the_contract(
    target: dict[str, Any], read_all: ReadAll, tmp_path: Path, registry_url: str
) -> None:
    """With a registry the records carry the id under which the contract stands there."""
    file = tmp_path / "one.jsonl"
    file.write_text(lines_of([ROW]))
    sets = [f"registry.url={registry_url}", f"registry.cache={tmp_path / 'cache'}"]
    publish(str(file), framing=Framing.CONFLUENT, sets=sets, **target)
    (message,) = read_all(target["topic"])
    assert (message.value() or b"").startswith(b"\x00\x00\x00\x00\x01")


def test_confluent_framing_without_a_registry(target: dict[str, Any], tmp_path: Path) -> None:
    """The message names the setting that is missing."""
    file = tmp_path / "one.jsonl"
    file.write_text(lines_of([ROW]))
    with pytest.raises(Misconfigured) as caught:
        publish(str(file), framing=Framing.CONFLUENT, **target)
    assert "registry.url" in caught.value.fix


def test_raw_lines_go_as_they_are(target: dict[str, Any], read_all: ReadAll, tmp_path: Path) -> None:
    """With --raw every byte of a line arrives, unchecked and without a key."""
    file = tmp_path / "anything.bin"
    file.write_bytes(b"\xc3\x01nonsense\r\n\n\x00\xff\xfe")
    publish(str(file), raw=True, **target)
    found = read_all(target["topic"])
    assert sorted(message.value() or b"" for message in found) == [b"", b"\x00\xff\xfe", b"\xc3\x01nonsense\r"]
    assert {message.key() for message in found} == {None}


def test_records_may_carry_the_event_time(target: dict[str, Any], read_all: ReadAll, tmp_path: Path) -> None:
    """With --timestamp event history keeps its times."""
    file = tmp_path / "one.jsonl"
    file.write_text(lines_of([ROW]))
    publish(str(file), stamp=Stamp.EVENT, **target)
    assert [message.timestamp()[1] for message in read_all(target["topic"])] == [ROW["event_time"]]


def test_the_rate_is_kept(target: dict[str, Any], tmp_path: Path) -> None:
    """Forty rows at fifty per second take most of a second."""
    file = tmp_path / "forty.jsonl"
    file.write_text(lines_of([ROW] * 40))
    began = time.monotonic()
    publish(str(file), rate=50.0, **target)
    assert 0.7 < time.monotonic() - began < 5.0


def test_a_broken_file_gives_what_stands_before_the_break(
    target: dict[str, Any], read_all: ReadAll, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole rows of a torn Avro file arrive before the error, and the account says how many."""
    file = tmp_path / "torn.avro"
    simulate(count=5_000, seed=1, customers=50, out=str(file))
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(Usage, match="cannot be read on after"):
        publish(str(file), **target)
    found = len(read_all(target["topic"]))
    assert 0 < found < 5_000
    assert f"read {found:,} = published {found:,};" in capsys.readouterr().err


def test_a_row_on_standard_input_is_sent_at_once(target: dict[str, Any], read_all: ReadAll, program: Program) -> None:
    """A row is on the topic while its writer still holds the pipe open; closing the pipe ends it with code 0."""
    process = program("publish", "-", "--bootstrap", target["bootstrap"], "--topic", target["topic"])
    assert process.stdin is not None
    process.stdin.write(lines_of([ROW]))
    process.stdin.flush()
    deadline = time.monotonic() + 30
    while not read_all(target["topic"]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    output, told = process.communicate(timeout=30)
    assert (process.returncode, output) == (0, "")
    assert told.startswith("read 1 = published 1;")


def test_no_broker(tmp_path: Path) -> None:
    """Where nobody listens the message says so, and what to do."""
    file = tmp_path / "one.jsonl"
    file.write_text(lines_of([ROW]))
    with pytest.raises(DependencyAway, match=r"127\.0\.0\.1:9 does not answer") as caught:
        publish(str(file), bootstrap="127.0.0.1:9")
    assert caught.value.exit_code == 69
    assert "fraudstream up" in caught.value.fix


def test_no_topic(settings: Settings, tmp_path: Path) -> None:
    """A topic that is not there is a matter of configuration, with the command that makes it."""
    file = tmp_path / "one.jsonl"
    file.write_text(lines_of([ROW]))
    with pytest.raises(Misconfigured, match="no topic 'nowhere'") as caught:
        publish(str(file), bootstrap=settings.kafka.bootstrap, topic="nowhere")
    assert caught.value.exit_code == 78


def test_progress_on_a_terminal(
    target: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal the account still stands at the end, after the bar has gone."""
    file = tmp_path / "some.jsonl"
    file.write_text(lines_of([ROW] * 50 + [{}]))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with pytest.raises(Usage):
        publish(str(file), **target)
    told = capsys.readouterr().err
    assert "line 51: missing_field" in told
    assert "read 51 = published 50 + rejected 1 (missing_field 1);" in told


def test_an_unwritable_rejects_file(target: dict[str, Any], tmp_path: Path) -> None:
    """It is said before anything is sent."""
    file = tmp_path / "one.jsonl"
    file.write_text(lines_of([ROW]))
    with pytest.raises(Usage, match="--rejects"):
        publish(str(file), rejects=tmp_path / "missing" / "file", **target)


def test_standard_input_stays_open(target: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Publishing from `-` does not close what is not its own."""
    stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO("/dev/null")))
    monkeypatch.setattr(sys, "stdin", stdin)
    publish("-", **target)
    assert not stdin.closed
    stdin.close()
