"""Do readers of committed records stand still at a transaction that hangs: looked at until that is certain.

A transaction that is open is no fault; one that is open for longer than a worker's may be is. So where one is found it
is looked at again until it has moved on, or has been there for longer than the broker should have let it.
"""

import time
from collections.abc import Iterator
from typing import Any, Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from consumer.standstill import Ends, Place, Standstill, ends
from fraudstream.doctor import remedies
from fraudstream.doctor.clients import Heard, conf
from fraudstream.doctor.finding import Finding, info, ok, warning, wrong
from schemas.settings import Settings
from schemas.topics import Role

STEP_S: Final = 0.5
SLACK_S: Final = 2.0
"""Brokers look for transactions that have been open for too long every so often, not all the time."""
LONGEST_S: Final = 20.0
SUBJECT: Final = "open transactions"


def check(settings: Settings) -> Iterator[Finding]:
    topics = [settings.topics.name(role) for role in Role]
    client: Any = AdminClient(conf(settings, Heard()))
    known = [topic for topic in topics if _seen(client, topic)]
    if not known:
        yield info(SUBJECT, "not looked at: there are no topics yet")
        return
    limit = settings.score.transaction_timeout_ms / 1000 + SLACK_S
    stuck, waited = _watch(client, known, min(limit, LONGEST_S))
    for place, at in stuck.items():
        yield _told(settings, place, at, waited, certain=waited >= limit)
    if not stuck:
        yield ok(SUBJECT, "none keeps readers of committed records waiting")


def _seen(client: AdminClient, topic: str) -> bool:
    """What is missing or hidden, the check of the topics says."""
    try:
        ends(client, [topic])
    except KafkaException:
        return False
    return True


def _watch(client: AdminClient, topics: list[str], limit: float) -> tuple[dict[Place, Ends], float]:
    """Those partitions that have stood still all the while, and for how long that was."""
    standstill, began = Standstill(), float("inf")
    while True:
        found, now = ends(client, topics), time.monotonic()
        began = min(began, now)
        stood = standstill.look(found, now)
        stuck = {each: at for each, at in found.items() if at.stable < at.last and stood[each] >= now - began}
        if not stuck or now - began >= limit:
            return stuck, now - began
        time.sleep(STEP_S)


def _told(settings: Settings, place: Place, at: Ends, waited: float, *, certain: bool) -> Finding:
    where = f"partition {place.partition}: readers of committed records stand at offset {at.stable} of {at.last}"
    if certain:
        what = f"{where}, at a transaction that is open for over {waited:.0f} s: the broker should have ended it"
        return wrong(place.topic, what, remedies.abort_hanging(settings, place.topic, place.partition, at.stable))
    fix = f"look again after {settings.score.transaction_timeout_ms / 1000:g} s, when the broker should have ended it"
    return warning(place.topic, f"{where}, at a transaction that is open for {waited:.0f} s so far", fix)
