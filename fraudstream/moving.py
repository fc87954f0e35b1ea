"""Moves the group's offsets, and tells what that means for each partition: what is decided again or never, and from
where its cards' state is restored. The state needs no moving: no worker believes a snapshot beyond its offset.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from confluent_kafka import KafkaError, KafkaException

from consumer.snapshots.digest import fold_digest
from consumer.snapshots.store import Store
from consumer.snapshots.survey import survey
from fraudstream.doctor.offsets import Member, Offsets, Span
from fraudstream.orders import PATIENCE_S, answering, order, require
from fraudstream.orders import spans as input_spans
from models.registry.by import By
from producer.orders import Desk
from schemas.errors import FraudstreamError, Misconfigured, Usage
from schemas.orders import Order, Verb
from schemas.settings import Settings

EARLIEST: Final = "earliest"
END: Final = "end"
OCCUPIED: Final = frozenset(
    {KafkaError.NON_EMPTY_GROUP, KafkaError.UNKNOWN_MEMBER_ID, KafkaError.REBALANCE_IN_PROGRESS}
)


@dataclass(frozen=True, slots=True)
class Move:
    """`snapshot` is where the newest one ends that may be believed; None: the log is folded."""

    partition: int
    before: int | None
    after: int
    begin: int
    snapshot: int | None

    def __str__(self) -> str:
        before = "none" if self.before is None else f"{self.before:,}"
        return f"partition {self.partition}: {before} -> {self.after:,}; {self.means}; {self.restored}"

    @property
    def means(self) -> str:
        if self.before is None or self.before == self.after:
            return "begins there" if self.before is None else "stays"
        distance = abs(self.after - self.before)
        if self.after < self.before:
            return f"{distance:,} offsets back, decided again"
        return f"{distance:,} offsets on, never decided but remembered"

    @property
    def restored(self) -> str:
        if self.snapshot is None:
            return f"state from the log, {self.after - self.begin:,} offsets"
        return f"state from the snapshot at {self.snapshot:,} and {self.after - self.snapshot:,} offsets of the log"


def plan(settings: Settings, to: str | int, partition: int | None, say: Callable[[str], None]) -> list[Move]:
    """`to` is EARLIEST, END or a time in milliseconds."""
    there = input_spans(settings)
    if partition is not None:
        require(settings, partition, there)
    with answering(settings):
        offsets = Offsets(settings, PATIENCE_S)
        spans, before = offsets.spans(), offsets.committed()
        goals = _goals(offsets, spans, to)
    chosen = sorted(spans) if partition is None else [partition]
    return moves(settings, {each: goals[each] for each in chosen}, spans, before, say)


def moves(
    settings: Settings,
    goals: Mapping[int, int],
    spans: Mapping[int, Span],
    before: Mapping[int, int],
    say: Callable[[str], None],
) -> list[Move]:
    """What it means to go there, by partition."""
    snapshots = _snapshots(settings, say)
    return [_move(each, before.get(each), to, spans[each], snapshots.get(each, [])) for each, to in goals.items()]


def starts(settings: Settings, to: str | int, spans: Mapping[int, Span]) -> dict[int, int]:
    """The offsets that `to` means."""
    with answering(settings):
        return _goals(Offsets(settings, PATIENCE_S), spans, to)


def require_empty(settings: Settings) -> None:
    """Raises Usage with those that are in the group."""
    with answering(settings):
        members = Offsets(settings, PATIENCE_S).members()
    if members:
        raise _occupied(settings, members)


def execute(
    settings: Settings, moves: list[Move], by: By, texts: Mapping[int, str] | None = None, more: Sequence[Order] = ()
) -> None:
    """Moved first and then recorded, `more` after it: what is on record has happened.

    A partition that stays keeps what was committed with its offset, be it that it is stopped.
    """
    desk = Desk(settings)
    moved = [each for each in moves if texts is not None or each.before != each.after]
    with answering(settings):
        offsets = Offsets(settings, PATIENCE_S)
        try:
            if moved:
                offsets.move({each.partition: each.after for each in moved}, texts)
        except KafkaException as exception:
            if exception.args[0].code() in OCCUPIED:
                raise _occupied(settings, offsets.members()) from exception
            raise
    orders = [
        order(settings, by, Verb.MOVED, partition=each.partition, offset=each.after, before=each.before)
        for each in moves
    ]
    try:
        desk.give([*orders, *more])
    except FraudstreamError as error:
        said = f"the group was moved, but it could not be recorded: {error.message}"
        raise Misconfigured(said, fix="mend that and run the command again: it moves nothing twice") from error


def _occupied(settings: Settings, members: list[Member]) -> Usage:
    names = ", ".join(f"{each.name} ({each.host})" for each in members) or "somebody"
    silence = settings.score.session_timeout_ms / 1000
    return Usage(
        f"the group {settings.score.group!r} is at work: {names}",
        fix=f"stop the workers and try again; one that was stopped is in it for up to {silence:g} s more",
    )


def _goals(offsets: Offsets, spans: Mapping[int, Span], to: str | int) -> dict[int, int]:
    if isinstance(to, int):
        found = offsets.at(to)
        return {each: max(found[each], span.begin) for each, span in spans.items()}
    return {each: span.begin if to == EARLIEST else span.end for each, span in spans.items()}


def _snapshots(settings: Settings, say: Callable[[str], None]) -> dict[int, list[int]]:
    """By partition, where those end that these settings would make, the newest first."""
    store = Store(settings.state.url.get_secret_value(), settings.score.group, settings.topics.transactions)
    found: dict[int, list[int]] = {}
    try:
        for each in survey(store, fold_digest(settings)):
            if each.wrong is None:
                found.setdefault(each.stored.name.partition, []).append(each.stored.name.offset)
    except OSError as error:
        say(f"the snapshots in {store} cannot be reached: {error}")
    return found


def _move(partition: int, before: int | None, after: int, span: Span, snapshots: list[int]) -> Move:
    usable = [each for each in snapshots if span.begin <= each <= after]
    return Move(partition, before, after, span.begin, max(usable, default=None))
