"""Orders as people give them: each is looked at before it is written, so that none is given that means nothing."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Final

from confluent_kafka import KafkaError, KafkaException

from consumer.dead_letter_limits import decode, stop_of
from fraudstream import shown
from fraudstream.doctor.offsets import Member, Offsets, Span
from models.registry.by import By
from producer.broker import CREATE, START
from producer.orders import Desk, standing
from producer.topic_log import TopicLog
from schemas.errors import DependencyAway, Misconfigured, Stop, Usage
from schemas.orders import Order, Verb
from schemas.settings import Settings

PATIENCE_S: Final = 15.0
"""How long a broker may take to say where a group stands: one that has just started first makes room for groups."""
SETTLE_S: Final = 5.0
"""Until then a worker has read that a partition is paused, and committed the lot that it had begun."""
RIGHTS: Final = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "grant this user READ on the input",
    KafkaError.GROUP_AUTHORIZATION_FAILED: "grant this user READ on the consumer group",
    KafkaError.UNKNOWN_TOPIC_OR_PART: CREATE,
}

IDENTITY: Final = re.compile(r"[A-Za-z0-9._-]{1,250}")

Say = Callable[[str], None]


def pause(settings: Settings, partition: int, by: By, say: Say) -> str:
    _span(settings, partition)
    if order := standing(settings, say).paused.get(partition):
        raise Usage(f"partition {partition} is paused already, {_by(order)}", fix="there is nothing to do")
    _give(settings, by, Verb.PAUSE, partition=partition)
    return f"partition {partition} pauses; workers hear of it within a second, its records wait"


def resume(settings: Settings, partition: int, by: By, say: Say) -> str:
    _span(settings, partition)
    if partition not in standing(settings, say).paused:
        more = "; `fraudstream dlq resume` is for one that stopped by itself"
        raise Usage(f"partition {partition} is not paused", fix=f"`fraudstream operate show` tells which are{more}")
    _give(settings, by, Verb.RESUME, partition=partition)
    return f"partition {partition} goes on"


def skip(settings: Settings, partition: int, offset: int, by: By, say: Say) -> str:
    """Only while nobody can be deciding that record: its partition stands still, or no worker is there."""
    span, found = _span(settings, partition), standing(settings, say)
    with answering(settings):
        offsets = Offsets(settings, PATIENCE_S)
        members, text = offsets.members(), offsets.texts().get(partition)
    paused = found.paused.get(partition)
    if members and not paused and not stop_of(text, partition, found):
        raise Usage(
            f"partition {partition} is being scored, so the record may be decided before a worker hears of this",
            fix=f'first: fraudstream operate pause {partition} --why "…"; a worker that dies on it pauses as well',
        )
    if order := found.skips(partition, offset):
        raise Usage(f"it is skipped already, {_by(order)}", fix="there is nothing to do")
    if members and paused:
        _settle(paused, say)
    with answering(settings):
        settled = {each.partition: each.offset for each in offsets.settled() if each.offset >= 0}
        committed = settled.get(partition, span.begin)
    _check_skip(settings, partition, offset, span, committed)
    _give(settings, by, Verb.SKIP, partition=partition, offset=offset)
    then = f"; then: fraudstream operate resume {partition}" if paused else ""
    return f"record {partition}/{offset} will go to the dead letters, undecided{then}"


def drain(settings: Settings, slot: str, by: By, say: Say) -> str:
    if not IDENTITY.fullmatch(slot):
        raise Usage(
            f"{shown.text(slot)} is no worker's name", fix="it is score.app-score.node-slot: fraudstream-host-0"
        )
    if order := standing(settings, say).drained.get(slot):
        raise Usage(f"{slot} is drained already, {_by(order)}", fix="there is nothing to do")
    with answering(settings):
        members = Offsets(settings, PATIENCE_S).members()
    if slot not in {each.name for each in members}:
        say(f"{slot} is not in the group now; the order waits for it. {_who(members)}")
    _give(settings, by, Verb.DRAIN, slot=slot)
    return f"{slot} finishes its lot and leaves its partitions to others; `fraudstream operate undrain` takes it back"


def undrain(settings: Settings, slot: str, by: By, say: Say) -> str:
    drained = standing(settings, say).drained
    if slot not in drained:
        raise Usage(f"{shown.text(slot)} is not drained", fix=f"drained are: {', '.join(sorted(drained)) or 'none'}")
    _give(settings, by, Verb.UNDRAIN, slot=slot)
    return f"{slot} joins the group again"


def resume_dead_letters(settings: Settings, partition: int, by: By, say: Say) -> str:
    """Names the stop that there is: a later one needs an order of its own."""
    _span(settings, partition)
    found = standing(settings, say)
    with answering(settings):
        text = Offsets(settings, PATIENCE_S).texts().get(partition)
    stop = stop_of(text, partition, found)
    if stop is None:
        resumed = decode(text).stop is not None
        why = "was resumed already" if resumed else "has not stopped for its dead letters"
        raise Usage(f"partition {partition} {why}", fix="`fraudstream operate show` tells what holds")
    _give(settings, by, Verb.RESUME_DEAD_LETTERS, partition=partition, stop=stop)
    paused = "; it is paused as well, by order" if partition in found.paused else ""
    return f"partition {partition} goes on from stop {stop}{paused}"


def stops(settings: Settings, say: Say) -> dict[int, str]:
    """By partition, the ids of the stops that hold."""
    found = standing(settings, say)
    with answering(settings):
        texts = Offsets(settings, PATIENCE_S).texts()
    return {each: stop for each, text in sorted(texts.items()) if (stop := stop_of(text, each, found))}


@contextmanager
def answering(settings: Settings) -> Iterator[None]:
    """What the broker refuses, in words."""
    try:
        yield
    except (KafkaException, TimeoutError) as exception:
        raise _refusal(settings, exception) from exception


def order(settings: Settings, by: By, verb: Verb, **fields: str | int | None) -> Order:
    by.facts()
    said = {"verb": verb, "group": settings.score.group, "who": by.who, "why": by.why, "at": by.at}
    return Order.model_validate(said | fields)


def _give(settings: Settings, by: By, verb: Verb, **fields: str | int | None) -> None:
    Desk(settings).give([order(settings, by, verb, **fields)])


def spans(settings: Settings) -> dict[int, Span]:
    """Of the input. Whether the broker is there at all is found out sooner by this than by asking for a group."""
    with closing(TopicLog(settings, settings.topics.transactions)) as log:
        begins, ends = log.begins(), log.ends()
    return {each: Span(begins[each], ends[each]) for each in ends}


def _span(settings: Settings, partition: int) -> Span:
    return require(settings, partition, spans(settings))


def require(settings: Settings, partition: int, found: Mapping[int, Span]) -> Span:
    if partition not in found:
        topic, count = settings.topics.transactions, len(found)
        raise Usage(f"{topic} has no partition {partition}", fix=f"its partitions are 0 to {count - 1}")
    return found[partition]


def _check_skip(settings: Settings, partition: int, offset: int, span: Span, committed: int) -> None:
    place = f"{settings.topics.transactions}/{partition}/{offset}"
    if offset < committed:
        raise Usage(f"{place} was decided: the group stands at {committed}", fix="history is not rewritten")
    if not span.begin <= offset < span.end:
        raise Usage(f"there is no {place}: the log is from {span.begin} to {span.end}", fix="name one that is there")
    with closing(TopicLog(settings, settings.topics.transactions)) as log:
        found = (each for some in log.messages({partition: offset}, {partition: offset + 1}) for each in some)
        if not any(each.offset() == offset for each in found):
            raise Usage(f"no record stands at {place}, but a mark of the broker", fix="see which one the worker names")


def _settle(paused: Order, say: Say) -> None:
    left = SETTLE_S - (datetime.now(UTC) - paused.at).total_seconds()
    if left > 0:
        say(f"waiting {min(left, SETTLE_S):.0f} s until workers have heard of the pause")
        time.sleep(min(left, SETTLE_S))


def _by(order: Order) -> str:
    return f"since {order.when} by {shown.text(order.who)}: {shown.text(order.why)}"


def _who(members: list[Member]) -> str:
    return f"In it are: {', '.join(each.name for each in members)}" if members else "Nobody is"


def _refusal(settings: Settings, exception: Exception) -> Stop:
    error = exception.args[0] if isinstance(exception, KafkaException) else None
    said = error.str() if error else "no answer"
    if error and (fix := RIGHTS.get(error.code())):
        return Misconfigured(f"the broker at {settings.kafka.bootstrap} refuses: {said}", fix=fix)
    return DependencyAway(f"the broker at {settings.kafka.bootstrap} does not answer: {said}", fix=START)
