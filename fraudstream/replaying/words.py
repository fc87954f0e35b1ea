"""One difference as a sentence: where it is, what was published, what the logs give."""

from collections.abc import Sequence
from typing import Any, Final

from consumer.replaying.difference import Difference, Kind

LONG: Final = 60


def told(difference: Difference, topic: str) -> str:
    """`topic` is that of the input."""
    asked = f"{topic}/{difference.partition}/{difference.offset}"
    event = f" ({difference.event_id})" if difference.event_id else ""
    if difference.kind is Kind.MISSING:
        given = difference.recomputed
        return f"{asked}{event}: no flag was published, the logs give {given['outcome']} with score {given['score']!r}"
    if difference.kind is Kind.UNASKED:
        return f"{difference.place} answers {asked}{event}: {difference.published}"
    if difference.kind is Kind.DOUBLED:
        return f"{difference.place} answers {asked}{event} again ({difference.published}); the first answer counts"
    if difference.kind is Kind.UNREADABLE:
        return f"{difference.place} cannot be read as an answer: {difference.published}"
    return f"{asked}{event}: " + field(difference.field, difference.published, difference.recomputed, difference.place)


def field(name: str, published: Any, recomputed: Any, place: str) -> str:  # noqa: ANN401 - of any field
    if name == "epoch" and recomputed is None:
        return f"{place} is of epoch {published}, and no epoch had begun by then"
    return f"{name} is {value(published)} in {place}, the logs give {value(recomputed)}"


def value(of: Any) -> str:  # noqa: ANN401
    """Numbers in the shortest digits that have their bits."""
    if isinstance(of, dict):
        return " ".join(str(each) for each in of.values())
    if isinstance(of, str):
        return of if len(of) <= LONG else f"{of[:LONG]}…"
    if isinstance(of, Sequence):
        return ", ".join(map(str, of)) or "none"
    return "none" if of is None else repr(of)
