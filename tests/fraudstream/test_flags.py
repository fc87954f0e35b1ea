import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from fraudstream.commands.flags import flags
from fraudstream.decision import amount, to_line
from models.policies.reasons import SENTENCES
from schemas.contracts import DECISION
from schemas.encoding import encoder
from schemas.errors import DependencyAway, Misconfigured, Usage
from schemas.framing import Framing
from schemas.registry import Registry
from schemas.settings import Settings, load

Program = Callable[..., subprocess.Popen[str]]
TIME_MS = 1_769_839_200_000
FLAG: dict[str, Any] = {
    "event_id": "e1",
    "card_id": "card-000001",
    "customer_id": "1",
    "terminal_id": "t1",
    "event_time": TIME_MS,
    "amount_minor": 612_345,
    "currency": "EUR",
    "score": 0.95,
    "raw_margin": 3.0,
    "outcome": "block",
    "reasons": ["amount_extreme", "amount_high"],
    "rules": ["amount_high", "amount_extreme"],
    "features": [612_345.0, float("nan")],
    "churn": {"score": None, "status": "unavailable", "generation": None},
    "model": {"name": "rules", "version": "1", "digest": "0123456789ab"},
    "policy": "thresholds-1",
    "feature_version": 1,
    "marks": [],
    "degraded": [],
    "epoch": 0,
    "source": {"topic": "transactions", "partition": 0, "offset": 7},
    "scored_at": TIME_MS,
}


def flag(number: int, **fields: object) -> dict[str, Any]:
    return FLAG | {"event_id": f"e{number}", "card_id": f"card-{number % 3:06d}"} | fields


def send(settings: Settings, *values: bytes, timestamps: tuple[int, ...] = (), commit: bool = True) -> None:
    """As a worker does: in one transaction, to one partition."""
    producer = Producer(
        {"bootstrap.servers": settings.kafka.bootstrap, "transactional.id": f"worker-{settings.topics.flags}"}
    )
    producer.init_transactions(30)
    producer.begin_transaction()
    stamps = timestamps or (0,) * len(values)
    for value, stamp in zip(values, stamps, strict=True):
        producer.produce(settings.topics.flags, value, partition=1, timestamp=stamp)
    if commit:
        producer.commit_transaction(30)
    else:
        producer.flush(30)
        producer.abort_transaction(30)


def options(settings: Settings) -> dict[str, Any]:
    return {"bootstrap": settings.kafka.bootstrap, "sets": [f"topics.flags={settings.topics.flags}"]}


def arguments(settings: Settings) -> tuple[str, ...]:
    return ("--bootstrap", settings.kafka.bootstrap, "--set", f"topics.flags={settings.topics.flags}")


encode = encoder(DECISION, Framing.SINGLE_OBJECT)


def test_a_line_for_people(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """A flag is one line: time, card, amount in the currency's own unit, outcome, score, and the reasons in words."""
    send(settings, encode(FLAG))
    flags(start="earliest", most=1, **options(settings))
    line = capsys.readouterr().out
    assert line.startswith("2026-01-31 06:00:00  card-000001       6,123.45 EUR  block   0.950  ")
    assert line.endswith(f"  {SENTENCES['amount_extreme']} {SENTENCES['amount_high']}\n")


def test_all_three_framings(
    settings: Settings, registry_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the framing, --json gives every field of the contract, times in milliseconds, and only valid JSON."""
    sets = [f"registry.url={registry_url}", f"registry.cache={tmp_path}", f"topics.flags={settings.topics.flags}"]
    registry = Registry.of(load({"registry.url": registry_url, "registry.cache": str(tmp_path)}, env={}))
    encoders = [
        encoder(DECISION, style, lambda contract: registry.register(contract, "flags-value")) for style in Framing
    ]
    send(settings, *(encode_one(flag(at, features=[1.5])) for at, encode_one in enumerate(encoders)), encode(FLAG))
    flags(start="earliest", most=4, json=True, bootstrap=settings.kafka.bootstrap, sets=sets)
    found = [json.loads(line, parse_constant=pytest.fail) for line in capsys.readouterr().out.splitlines()]
    assert found[:3] == [flag(at, features=[1.5]) for at in range(3)]
    assert found[3] == FLAG | {"features": [612_345.0, None]}
    assert list(found[0]) == [field["name"] for field in DECISION.schema["fields"]]


def test_only_what_was_committed(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Flags of a transaction that was given up are never shown."""
    send(settings, encode(flag(1)), commit=False)
    send(settings, encode(flag(2)))
    flags(start="earliest", most=1, json=True, **options(settings))
    assert json.loads(capsys.readouterr().out)["event_id"] == "e2"


def test_one_card(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """With --card other cards' flags are neither shown nor counted."""
    send(settings, *(encode(flag(number)) for number in range(9)))
    flags(start="earliest", most=3, json=True, card="card-000002", **options(settings))
    assert [json.loads(line)["event_id"] for line in capsys.readouterr().out.splitlines()] == ["e2", "e5", "e8"]


def test_one_card_in_sentences(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Of one card, each reason is a sentence on a line of its own, whoever gave it: model, list or rule."""
    reasons = ["burst", "listed_card", "amount_high"]
    send(settings, encode(flag(1)), encode(flag(2, reasons=reasons)))
    flags(start="earliest", most=1, card="card-000002", **options(settings))
    head, *told = capsys.readouterr().out.splitlines()
    assert "card-000002" in head
    assert head.endswith("  0.950  event e2")
    assert told == [f"    {SENTENCES[code]}" for code in reasons]


def test_from_a_time(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """From a time on means by record timestamp, in whatever zone the time is said."""
    send(settings, *(encode(flag(number)) for number in range(3)), timestamps=(TIME_MS - 1, TIME_MS, TIME_MS + 1))
    flags(start="2026-01-31T08:00:00+02:00", most=2, json=True, **options(settings))
    assert [json.loads(line)["event_id"] for line in capsys.readouterr().out.splitlines()] == ["e1", "e2"]


@pytest.mark.parametrize("start", ["yesterday", "2026-01-31", "2026-01-31T06:00:00"])
def test_a_time_without_a_zone(start: str) -> None:
    """It is refused with an example of one that will do."""
    with pytest.raises(Usage, match="--from") as caught:
        flags(start=start)
    assert "2026-01-31T06:00:00Z" in caught.value.fix


def test_bad_records_are_told_and_skipped(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """What is no flag is said with its place and reason on stderr, and the flags around it are shown."""
    bad = [
        b"nonsense",
        b"",
        encode(FLAG)[:-9],
        encode(FLAG) + b"x",
        b'{"a": 1}',
        b"{",
        b"\xc3\x01" + bytes(8),
        b"\x00\x00\x00\x00\x09",
    ]
    send(settings, encode(flag(1)), *bad, encode(flag(2)))
    flags(start="earliest", most=2, json=True, **options(settings))
    output, told = capsys.readouterr()
    assert [json.loads(line)["event_id"] for line in output.splitlines()] == ["e1", "e2"]
    skipped = [
        line.removeprefix(f"skipped {settings.topics.flags}/1/") for line in told.splitlines() if "skipped" in line
    ]
    assert [line.split(": ")[:2] for line in skipped] == [
        ["1", "unknown_framing"],
        ["2", "empty"],
        ["3", "invalid_encoding"],
        ["4", "trailing_bytes"],
        ["5", "wrong_type"],
        ["6", "invalid_json"],
        ["7", "unknown_schema"],
        ["8", "unknown_schema"],
    ]


def test_follows_from_the_end_until_ctrl_c(settings: Settings, program: Program) -> None:
    """Flags from before are not shown, those from after are as they come, and Ctrl-C ends it with code 0."""
    send(settings, encode(flag(1)))
    process = program("flags", "--json", *arguments(settings))
    assert process.stderr is not None
    assert process.stdout is not None
    assert "from end" in process.stderr.readline()
    send(settings, encode(flag(2)))
    assert json.loads(process.stdout.readline())["event_id"] == "e2"
    process.send_signal(signal.SIGINT)
    output, told = process.communicate(timeout=30)
    assert (process.returncode, output, told) == (0, "", "")


def test_a_reader_that_goes_away_is_no_error(settings: Settings, program: Program) -> None:
    """A pipe closed by its reader, as `head` does, ends it quietly with code 0."""
    send(settings, *(encode(flag(number)) for number in range(2_000)))
    process = program("flags", "--from", "earliest", "--json", *arguments(settings))
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=30) == 0
    assert process.stderr.read().splitlines()[1:] == []


def test_seconds_bound_it(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Without any flag it ends after the time given."""
    began = time.monotonic()
    flags(seconds=0.5, **options(settings))
    assert 0.4 < time.monotonic() - began < 10.0
    assert capsys.readouterr().out == ""


def test_leaves_no_group_behind(settings: Settings) -> None:
    """Looking on is not taking part: no consumer group is created on the broker."""
    send(settings, encode(FLAG))
    flags(start="earliest", most=1, **options(settings))
    groups = AdminClient({"bootstrap.servers": settings.kafka.bootstrap}).list_consumer_groups().result(30).valid
    assert not [group.group_id for group in groups if "fraudstream-reader" in group.group_id]


def test_no_topic(settings: Settings) -> None:
    """A missing topic is a matter of configuration, with the command that makes it."""
    with pytest.raises(Misconfigured, match="no topic 'nowhere'") as caught:
        flags(bootstrap=settings.kafka.bootstrap, sets=["topics.flags=nowhere"])
    assert caught.value.exit_code == 78
    assert "fraudstream topics create" in caught.value.fix


def test_no_broker() -> None:
    """Where nobody listens the message says so within seconds."""
    began = time.monotonic()
    with pytest.raises(DependencyAway, match=r"127\.0\.0\.1:9 does not answer.*refused") as caught:
        flags(bootstrap="127.0.0.1:9")
    assert caught.value.exit_code == 69
    assert time.monotonic() - began < 8.0


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (0, "EUR", "0.00 EUR"),
        (5, "EUR", "0.05 EUR"),
        (123_456_789, "USD", "1,234,567.89 USD"),
        (1_234, "JPY", "1,234 JPY"),
        (1_234, "KWD", "1.234 KWD"),
    ],
)
def test_amounts(minor: int, currency: str, text: str) -> None:
    """Amounts are shown with as many decimals as their currency has."""
    assert amount(minor, currency) == text


def test_a_record_cannot_move_the_cursor() -> None:
    """Control characters in a record are replaced, unknown reasons are shown by their code, absurd times as numbers."""
    line = to_line(FLAG | {"card_id": "\x1b[2Jcard\n", "reasons": ["brand_new"], "event_time": 2**62})
    assert "\x1b" not in line
    assert "\n" not in line
    assert "brand_new" in line
    assert f"{2**62} ms" in line
