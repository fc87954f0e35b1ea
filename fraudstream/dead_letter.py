"""A dead letter in words: a line, an object, a page. The first two have nothing of its value, none a card number."""

from typing import Any, Final

from fraudstream import shown
from fraudstream.commands.periods import moment
from producer.dead_letters import Letter
from schemas.errors import DeadLetter
from schemas.framing import split
from schemas.orders import Order
from schemas.refusals import REASONS, plain
from schemas.verdicts import Reason

UNKNOWN: Final = "unknown"
MOST_BYTES: Final = 2_000


def reason_of(letter: Letter) -> str:
    return shown.text(letter.reason) or UNKNOWN


def to_line(letter: Letter, sent: Order | None) -> str:
    notes = [f"was {shown.text(letter.replayed_from)}"] if letter.replayed_from else []
    notes += [f"replayed {sent.when}"] if sent else []
    notes += ["envelope"] if letter.envelope else []
    more = f"  [{', '.join(notes)}]" if notes else ""
    origin = f"from {shown.text(str(letter.origin))}" if letter.origin else "from nowhere that is known"
    detail = f": {shown.text(letter.detail)}" if letter.detail else ""
    return f"{letter.place!s:<12} {moment(letter.at_ms)}  {reason_of(letter)}{detail}  {origin}{more}"


def to_dict(letter: Letter, sent: Order | None) -> dict[str, Any]:
    origin = letter.origin
    return {
        "place": str(letter.place),
        "partition": letter.place.partition,
        "offset": letter.place.offset,
        "at": moment(letter.at_ms),
        "reason": reason_of(letter),
        "detail": shown.text(letter.detail),
        "origin": None if origin is None else origin._asdict() | {"topic": shown.text(origin.topic)},
        "size": len(letter.value or b""),
        "envelope": letter.envelope,
        "version": shown.text(letter.version),
        "replayed_from": None if letter.replayed_from is None else shown.text(letter.replayed_from),
        "replayed": None if sent is None else {"at": sent.when, "who": sent.who, "why": sent.why},
    }


def to_page(letter: Letter, sent: Order | None, topic: str, most: int = MOST_BYTES) -> str:
    """All that can be told of one; `topic` is the input that it might be sent back to."""
    parts = [
        _field("place", f"{letter.place} (refused {moment(letter.at_ms)})"),
        _field("came from", _origin(letter)),
        *_reason(letter),
        *([_field("refused by", f"version {shown.text(letter.version)}")] if letter.version else []),
        *_history(letter, sent, topic),
        _field("key", "none" if letter.key is None else shown.text(letter.key)),
        *_headers(letter),
        _field("value", _about(letter)),
        *([] if letter.value is None else ["", shown.value(letter.value, most)]),
    ]
    return "\n".join(parts)


def _field(name: str, content: str) -> str:
    return f"{name:<12}{content}"


def _origin(letter: Letter) -> str:
    if letter.origin is None:
        return "nowhere that is known: it has no headers that say so"
    return f"{shown.text(str(letter.origin))} (record time {moment(letter.origin.timestamp_ms)})"


def _reason(letter: Letter) -> list[str]:
    """With its sentences, where this release knows it."""
    lines = [_field("reason", reason_of(letter))]
    if letter.reason in set(Reason):
        meaning = REASONS[Reason(letter.reason)]
        lines += [_field("", plain(meaning.what)), _field("what to do", plain(meaning.do))]
    return lines + ([_field("detail", shown.text(letter.detail))] if letter.detail else [])


def _history(letter: Letter, sent: Order | None, topic: str) -> list[str]:
    lines = []
    if letter.replayed_from:
        lines.append(_field("refused", f"again: it was replayed from {shown.text(letter.replayed_from)}"))
    if sent:
        lines.append(_field("replayed", f"{sent.when} by {shown.text(sent.who)}: {shown.text(sent.why)}"))
    if obstacle := letter.obstacle(topic):
        lines.append(_field("no replay", shown.text(obstacle)))
    return lines


def _headers(letter: Letter) -> list[str]:
    if letter.headers is None:
        return [_field("headers", "lost: a name among them is not text")]
    return [
        _field("header", f"{shown.text(name)} = {'null' if content is None else shown.text(content)}")
        for name, content in letter.headers
    ]


def _about(letter: Letter) -> str:
    if letter.value is None:
        return "none"
    if letter.envelope:
        return "an envelope: sha256, size and place of the original, which did not fit or must not be kept"
    try:
        style, key, _ = split(letter.value)
    except DeadLetter:
        return f"{len(letter.value):,} bytes"
    schema = f", schema {key.hex()}" if key else ""
    return f"{len(letter.value):,} bytes, says it is {style}{schema}"
