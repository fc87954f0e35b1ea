"""The consumer group of the scorer: who is in it, how far behind it is, and whether its position still exists."""

from collections.abc import Iterator, Mapping
from typing import Final

from confluent_kafka import KafkaError, KafkaException

from consumer.dead_letter_limits import stop_of
from fraudstream.doctor import remedies
from fraudstream.doctor.finding import Finding, away, info, ok, wrong
from fraudstream.doctor.offsets import Group, Offsets, Span
from fraudstream.shown import text as text_of
from producer.orders import standing
from schemas.errors import Stop
from schemas.settings import Settings
from schemas.standing import Standing

RUN: Final = "fraudstream score"


def check(settings: Settings) -> Iterator[Finding]:
    name, offsets = settings.score.group, Offsets(settings)
    try:
        spans, committed, group = offsets.spans(), offsets.committed(), offsets.group()
        texts = offsets.texts()
    except KafkaException as exception:
        if finding := _refused(settings, exception.args[0]):
            yield finding
        return
    yield _standing(settings, spans, committed, group)
    if group and group.members > len(spans):
        what = f"{group.members} workers share {len(spans)} partitions: {group.members - len(spans)} of them are idle"
        yield info(name, what)
    for partition, offset in sorted(committed.items()):
        span = spans.get(partition)
        if span is None or not span.begin <= offset <= span.end:
            yield _lost(settings, partition, offset, span)
    yield from _still(settings, texts)


def _still(settings: Settings, texts: Mapping[int, str]) -> Iterator[Finding]:
    """Partitions that nobody scores: stopped for their dead letters, or paused."""
    try:
        held = standing(settings, lambda _: None)
    except Stop:
        held = Standing(settings.score.group)
    for partition, text in sorted(texts.items()):
        if stop_of(text, partition, held):
            what = f"partition {partition} stands still: too many of its records were refused"
            yield wrong(settings.score.group, what, remedies.go_on(partition))
    for partition, order in sorted(held.paused.items()):
        what = f"partition {partition} is paused since {order.when}, by order of {text_of(order.who)}"
        yield info(settings.score.group, what, f'fraudstream operate resume {partition} --why "…"')


def _standing(
    settings: Settings, spans: Mapping[int, Span], committed: Mapping[int, int], group: Group | None
) -> Finding:
    name, start = settings.score.group, settings.score.start
    members = group.members if group else 0
    workers = (
        ("no" if not members else str(members))
        + f" worker{'s' * (members > 1)}"
        + (f", {group.state}" if group and members else "")
    )
    if not committed:
        return info(
            name, f"{workers}; it has scored nothing yet and begins at score.start={start}", "" if members else RUN
        )
    lag = sum(max(span.end - max(committed.get(each, span.begin), span.begin), 0) for each, span in spans.items())
    what = f"{workers}; lag {lag}"
    return ok(name, what) if members else info(name, f"{what}, and nobody is scoring", RUN)


def _lost(settings: Settings, partition: int, offset: int, span: Span | None) -> Finding:
    where = f"its position in partition {partition} is {offset}"
    if span is None:
        return wrong(settings.score.group, f"{where}, but the input has no such partition", _begin_again(partition))
    if offset < span.begin:
        what = f"{where}, but the log begins at {span.begin}: {span.begin - offset} records went unscored"
        return wrong(settings.score.group, what, remedies.move("earliest", partition))
    what = f"{where}, but the log ends at {span.end}: was the topic deleted and made anew?"
    return wrong(settings.score.group, what, _begin_again(partition))


def _begin_again(partition: int) -> str:
    return f"stop the workers, then: {remedies.move('earliest', partition)}"


def _refused(settings: Settings, error: KafkaError) -> Finding | None:
    """None: the check of the topics has said it."""
    name = settings.score.group
    if error.code() in {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.TOPIC_AUTHORIZATION_FAILED}:
        return info(name, "not looked at: the input topic is missing, or hidden from this user")
    if error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED:
        return wrong(name, "this user may not use the group", remedies.allow_group(settings))
    return away(
        name, f"the broker does not say where the group stands: {error.str()}", "try again; see the broker's log"
    )
