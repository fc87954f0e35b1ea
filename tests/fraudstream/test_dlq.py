"""`fraudstream dlq` on a real Kafka: list, show, replay, as people type them, well and badly."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource  # type: ignore[attr-defined]
from support.deployment import Deployment
from support.letters import PAN, T0, Room, transaction
from support.typed import Typed

from producer.dead_letters import Letters
from producer.orders import read
from producer.resending import Resender
from schemas.errors import RestartMe
from schemas.orders import Verb
from schemas.settings import Settings
from schemas.topics import Role
from schemas.verdicts import Reason

HOUR = 3_600_000
WHY = ("--why", "the producer was mended")


@pytest.fixture
def room(settings: Settings) -> Room:
    return Room(settings)


@pytest.fixture
def some(room: Room) -> None:
    """Two reasons, two partitions, three hours."""
    room.put(transaction(1), Reason.WRONG_TYPE, at_ms=T0)
    room.put(transaction(2), Reason.MISSING_FIELD, at_ms=T0 + HOUR, detail="")
    room.put(transaction(3), Reason.WRONG_TYPE, at_ms=T0 + 2 * HOUR, place=(3, 9))


def places(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(row["place"] for row in rows)


def replayed(deployment: Deployment) -> list[Any]:
    return deployment.read(Role.TRANSACTIONS).messages


@pytest.mark.usefixtures("some")
def test_letters_are_listed_with_place_reason_and_origin(typed: Typed, settings: Settings) -> None:
    """A line for each, the sum beside it; JSON has the same and more."""
    done = typed.well("dlq", "list")
    first = next(line for line in done.out.splitlines() if line.startswith("0/0"))
    assert "2026-01-05T00:00:00Z  wrong_type: amount_minor: should be a whole number" in first
    assert f"from {settings.topics.transactions}/0/7" in first
    assert done.err == "3 dead letters: wrong_type 2, missing_field 1\n"
    rows = typed.well("dlq", "list", "--json").rows
    assert places(rows) == ["0/0", "0/1", "3/0"]
    assert {row["origin"]["offset"] for row in rows} == {7, 9}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--reason", "wrong_type"], ["0/0", "3/0"]),
        (["--reason", "wrong_type", "--reason", "missing_field", "--partition", 0], ["0/0", "0/1"]),
        (["--partition", 5], []),
        (["--partition", 77], []),
        (["--from", "2026-01-05T01:00:00Z"], ["0/1", "3/0"]),
        (["--to", "2026-01-05T01:00:00Z"], ["0/0"]),
        (["--from", "2026-01-05T02:00:00+01:00", "--to", "2026-01-05T02:00:00Z"], ["0/1"]),
        (["--from", "2036-01-05T00:00:00Z"], []),
    ],
)
@pytest.mark.usefixtures("some")
def test_letters_are_chosen(typed: Typed, options: list[object], expected: list[str]) -> None:
    """By reason, partition and time; the end of a time is left out."""
    assert places(typed.well("dlq", "list", "--json", *options).rows) == expected


@pytest.mark.usefixtures("some")
def test_letters_are_counted(typed: Typed) -> None:
    """By reason and partition, with the first and the last."""
    rows = typed.well("dlq", "list", "--counts", "--json").rows
    assert [(row["reason"], row["partition"], row["count"]) for row in rows] == [
        ("missing_field", 0, 1),
        ("wrong_type", 0, 1),
        ("wrong_type", 3, 1),
    ]
    assert rows[0]["first"] == rows[0]["last"] == "2026-01-05T01:00:00Z"
    assert "wrong_type           partition 3" in typed.well("dlq", "list", "--counts").out
    assert len(typed.well("dlq", "list", "--max", 2).out.splitlines()) == 2


def test_an_empty_topic_is_no_error(typed: Typed) -> None:
    """Nothing, said as such."""
    done = typed.well("dlq", "list")
    assert (done.out, done.err) == ("", "0 dead letters\n")


def test_one_is_shown_whole(typed: Typed, room: Room) -> None:
    """With what its reason means and what to do, in sentences without markup."""
    room.put(transaction(1, amount_minor="12"), headers=[("traceparent", b"00-1"), ("empty", None)])
    page = typed.well("dlq", "show", "0/0").out
    assert "A field has another type" in page
    assert "send the type that the contract has." in page
    assert "header      traceparent = 00-1" in page
    assert "header      empty = null" in page
    assert '"amount_minor": "12"' in page
    assert "key         card-1" in page
    assert "bytes, says it is json" in page
    assert json.loads(typed.well("dlq", "show", "0/0", "--json").out)["reason"] == "wrong_type"


@pytest.mark.parametrize(
    "value",
    [
        PAN,
        b'{"card_id": "4111 1111-1111 1111"}',
        b'{"card_id": "\\u0034111111111111111"}',
        b"\x00\x00\x00\x00\x07\x20" + PAN + b"\xff",
        b'{"memo": "x4111111111111111x' + PAN + b'"',
        PAN + b"20290101",
    ],
)
def test_no_card_number_is_shown(typed: Typed, room: Room, value: bytes) -> None:
    """Not in value, key, headers or detail, whether as text or as bytes."""
    headers: list[tuple[str, bytes | None]] = [("who", b"card " + PAN)]
    room.put(value, Reason.UNKNOWN_FRAMING, key=PAN, headers=headers, detail=f"saw {PAN.decode()}")
    for words in (["show", "0/0"], ["show", "0/0", "--json"], ["list"], ["list", "--json"]):
        said = typed.well("dlq", *words).out
        bare = said.replace(" ", "").replace("-", "")
        assert PAN.decode() not in bare, words
        assert PAN.hex() not in bare, words
        assert "4111111" not in bare, words


def test_what_is_shown_cannot_move_a_terminal(typed: Typed, room: Room) -> None:
    """Control characters of strangers are written out."""
    evil = b"\x1b[2J\x07"
    room.put(evil + b"text", Reason.UNKNOWN_FRAMING, key=evil, headers=[("a\x1b", evil)], detail=evil.decode())
    room.raw(evil, headers=[("dlq.reason", evil), ("dlq.topic", evil), ("dlq.partition", b"\xff")])
    for words in (["show", "0/0"], ["show", "0/1"], ["list"], ["list", "--counts"]):
        assert "\x1b" not in typed.well("dlq", *words).out


def test_a_large_value_is_cut(typed: Typed, room: Room) -> None:
    """And how much is missing is said."""
    room.put(b"x" * 10_000)
    room.put(bytes(range(256)) * 40)
    assert "… 9,900 bytes more" in typed.well("dlq", "show", "0/0", "--bytes", 100).out
    assert "… 8,240 bytes more" in typed.well("dlq", "show", "0/1").out


def test_an_envelope_is_explained(typed: Typed, room: Room) -> None:
    """What it is, that it cannot be sent back, and where the original stands."""
    room.put(b"y" * 50_000, limit=40_000)
    page = typed.well("dlq", "show", "0/0").out
    assert "an envelope: sha256, size and place of the original" in page
    assert "no replay" in page
    assert '"size": 50000' in page
    done = typed.well("dlq", "replay", "0/0", *WHY)
    assert done.out.startswith("0 sent; 1 not: an envelope")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "0-0"], "0-0 is no place"),
        (["show", "0/x"], "0/x is no place"),
        (["show", "0/" + "9" * 30], "is no place"),
        (["show", "0/99"], "there is no dead letter at 0/99"),
        (["show", "77/0"], "there is no dead letter at 77/0"),
        (["show", "0/0", "--bytes", "-1"], "--bytes"),
        (["show"], "PARTITION/OFFSET"),
        (["list", "--reason", "bored"], "--reason"),
        (["list", "--from", "yesterday"], "--from yesterday is not a time"),
        (["list", "--from", "2026-01-05T00:00:00"], "with its zone"),
        (["list", "--from", "2026-01-06T00:00:00Z", "--to", "2026-01-05T00:00:00Z"], "is not after"),
        (["list", "--max", "0"], "--max"),
        (["list", "--partition", "-1"], "--partition"),
        (["replay", *WHY], "nothing says which"),
        (["replay", "0/0"], "--why"),
        (["replay", "0/0", "--why", " "], "why"),
        (["replay", "0/0", "--reason", "empty", *WHY], "named and described"),
        (["replay", "0/5", *WHY], "there is no dead letter"),
        (["resume", "99", *WHY], "has no partition 99"),
        (["resume", "x", *WHY], "PARTITION"),
        (["resume", "0", *WHY], "has not stopped"),
    ],
)
def test_what_is_typed_badly_is_said(typed: Typed, words: list[str], said: str) -> None:
    """Exit code 64, with what was wrong; nothing is sent."""
    done = typed("dlq", *words)
    assert done.code == 64, done
    assert said in done.err


@pytest.mark.parametrize("words", [["list"], ["show", "0/0"], ["replay", "0/0", *WHY], ["resume", "0", *WHY]])
def test_a_broker_that_is_away_is_said_to_be(typed: Typed, words: list[str]) -> None:
    """Exit code 69, and how to start one."""
    assert "fraudstream up" in typed.badly(69, "dlq", *words, "--bootstrap", "127.0.0.1:1")


def test_a_topic_that_is_missing_is_named(typed: Typed) -> None:
    """78, and the command that makes it."""
    assert "topics create" in typed.badly(78, "dlq", "list", "--set", "topics.dlq=nowhere")
    said = typed.badly(78, "dlq", "replay", "--reason", "empty", *WHY, "--set", "topics.orders=nowhere")
    assert "'nowhere'" in said


@pytest.mark.usefixtures("some")
def test_a_missing_log_of_orders_keeps_nobody_from_looking(typed: Typed) -> None:
    """What was replayed is not known then, and that is said."""
    done = typed.well("dlq", "list", "--set", "topics.orders=nowhere")
    assert "what was replayed is not known" in done.err
    assert len(done.out.splitlines()) == 3


def test_a_record_goes_back_as_it_was(typed: Typed, room: Room, deployment: Deployment, settings: Settings) -> None:
    """Key, value and headers, without ours; with where it was among the dead letters; keyed where others would."""
    deployment.publish([deployment.transaction(1)])
    (usual,) = replayed(deployment)
    carried: list[tuple[str, bytes | None]] = [("traceparent", b"00-1"), ("x", None), ("x", b"\xff")]
    room.put(b"\xff\x00garbage", key=usual.key(), headers=carried, place=(0, 7))
    room.put(None, Reason.EMPTY, key=None, place=(2, 8))
    done = typed.well("dlq", "replay", "--from", "2026-01-05T00:00:00Z", *WHY)
    assert done.out == "2 sent\n"
    sent = {each.value(): each for each in replayed(deployment)}
    keyed, bare = sent[b"\xff\x00garbage"], sent[None]
    assert (keyed.key(), keyed.partition()) == (usual.key(), usual.partition())
    assert keyed.headers() == [*carried, ("fraudstream.replayed_from", f"{settings.topics.dlq}/0/0".encode())]
    assert (bare.key(), bare.partition()) == (None, 2)
    assert keyed.timestamp()[1] > T0 + 24 * HOUR, "it is a new record, of a late event"


@pytest.mark.usefixtures("some")
def test_each_is_sent_once(typed: Typed, deployment: Deployment, settings: Settings) -> None:
    """Whoever asks how often; who, why and which is on record, and --again is for those who mean it."""
    assert typed.well("dlq", "replay", "--reason", "wrong_type", *WHY, "--who", "ann").out == "2 sent\n"
    assert typed.well("dlq", "replay", "0/0", "3/0", *WHY).out.startswith("0 sent; 2 not: sent back before")
    assert typed.well("dlq", "replay", "--partition", 0, *WHY).out.startswith("1 sent; 1 not: sent back before")
    assert len(replayed(deployment)) == 3
    orders = list(read(settings, print))
    assert {each.verb for each in orders} == {Verb.REPLAYED}
    first = {(each.partition, each.offsets, each.who) for each in orders[:2]}
    assert first == {(0, "0", "ann"), (3, "0", "ann")}
    rows = typed.well("dlq", "list", "--json").rows
    assert [row["replayed"]["why"] for row in rows] == ["the producer was mended"] * 3
    assert "by ann: the producer was mended" in typed.well("dlq", "show", "3/0").out
    assert typed.well("dlq", "replay", "0/0", "0/0", "--again", *WHY).out == "1 sent\n"
    assert len(replayed(deployment)) == 4


@pytest.mark.usefixtures("some")
def test_a_dry_run_sends_nothing(typed: Typed, deployment: Deployment, settings: Settings) -> None:
    """And tells which would be."""
    done = typed.well("dlq", "replay", "--reason", "wrong_type", "--dry-run", *WHY)
    assert sorted(line.split()[0] for line in done.out.splitlines()[:-1]) == ["0/0", "3/0"]
    assert done.out.splitlines()[-1] == "2 would be sent"
    assert replayed(deployment) == []
    assert list(read(settings, print)) == []


def test_what_cannot_go_back_is_said(typed: Typed, room: Room, deployment: Deployment) -> None:
    """Of another input, or of nobody: the others go."""
    room.put(transaction(1), topic="elsewhere")
    room.raw(b"foreign")
    room.put(transaction(2))
    done = typed.well("dlq", "replay", "--partition", 0, *WHY)
    assert done.out.startswith("1 sent; 1 not: it came from elsewhere")
    assert "1 not: its headers do not say where it came from" in done.out
    assert "0/1 cannot be sent back" in done.err
    assert len(replayed(deployment)) == 1


@pytest.mark.usefixtures("some")
def test_whoever_comes_later_takes_over(settings: Settings) -> None:
    """Two that send at once do not send twice: the first one is ended, and what it had begun was never there."""
    letters = Letters(settings)
    found = list(letters.between(None, None))
    letters.close()
    with Resender(settings, print) as first:
        given = {
            "who": "ann",
            "why": "mended",
            "now": lambda: datetime.now(UTC),
        }
        with Resender(settings, print) as second:
            assert sum(second.send(found, **given)) == 3
        with pytest.raises(RestartMe, match="somebody else"):
            sum(first.send(found, **given))
    assert len(list(read(settings, print))) == 2


def test_a_batch_goes_whole_or_not_at_all(typed: Typed, room: Room, deployment: Deployment, settings: Settings) -> None:
    """What the broker refuses takes its neighbours along; nothing is noted as sent, and all go once it is mended."""
    room.put(transaction(1))
    room.put(b"x" * 5_000, Reason.UNKNOWN_FRAMING)
    limit(settings, "1000")
    said = typed.badly(64, "dlq", "replay", "--partition", 0, *WHY)
    assert "larger than the input takes" in said
    assert (replayed(deployment), list(read(settings, print))) == ([], [])
    limit(settings, "1048588")
    assert typed.well("dlq", "replay", "--partition", 0, *WHY).out == "2 sent\n"
    assert len(replayed(deployment)) == 2


def limit(settings: Settings, size: str) -> None:
    admin = AdminClient({"bootstrap.servers": settings.kafka.bootstrap})
    entry = ConfigEntry("max.message.bytes", size, incremental_operation=AlterConfigOpType.SET)
    topic = ConfigResource(ConfigResource.Type.TOPIC, settings.topics.transactions, incremental_configs=[entry])
    for altered in admin.incremental_alter_configs([topic]).values():
        altered.result(15)


def test_what_is_refused_again_says_so(typed: Typed, room: Room, deployment: Deployment) -> None:
    """Through the real scorer: replayed once it is good it is scored, replayed while it is bad it comes back."""
    room.put(transaction(1, amount_minor=900_000))
    room.put(b"garbage", Reason.UNKNOWN_FRAMING)
    assert typed.well("dlq", "replay", "--partition", 0, *WHY).out == "2 sent\n"
    assert deployment.score("--max-messages", "2", score_start="earliest") == 0
    (flag,) = deployment.read(Role.FLAGS).decisions
    assert flag["event_id"] == "event-1"
    again = [row for row in typed.well("dlq", "list", "--json").rows if row["replayed_from"]]
    assert [(row["reason"], row["replayed_from"].rpartition("/")[2], row["replayed"]) for row in again] == [
        ("unknown_framing", "1", None)
    ]
    place = again[0]["place"]
    assert "again: it was replayed from" in typed.well("dlq", "show", place).out
    assert f"was {deployment.settings.topics.dlq}/0/1" in typed.well("dlq", "list").out
    assert typed.well("dlq", "replay", place, *WHY).out == "1 sent\n"
    last = replayed(deployment)[-1]
    assert dict(last.headers())["fraudstream.replayed_from"].decode().endswith(f"/{place}")
