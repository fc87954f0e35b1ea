"""Can this broker give us transactions, which exactly-once needs: tried with a transactional id that no worker has.

Nothing is written and no worker is disturbed; the broker remembers the id for some days.
"""

from collections.abc import Iterator
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Producer

from fraudstream.doctor import remedies
from fraudstream.doctor.clients import CALL_S, Heard, conf
from fraudstream.doctor.finding import Finding, away, info, ok, wrong
from schemas.settings import Settings

SUBJECT: Final = "score.delivery"
FORBIDDEN: Final = frozenset(
    {KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED}
)
UNSUPPORTED: Final = frozenset(
    {KafkaError._UNSUPPORTED_FEATURE, KafkaError.UNSUPPORTED_VERSION, KafkaError.UNSUPPORTED_FOR_MESSAGE_FORMAT}  # noqa: SLF001
)
AT_LEAST_ONCE: Final = "give score.delivery=at_least_once if duplicates are acceptable"


def check(settings: Settings) -> Iterator[Finding]:
    if settings.score.delivery != "exactly_once":
        yield info(SUBJECT, "at_least_once needs no transactions; readers drop duplicates by event_id")
        return
    try:
        producer: Any = Producer(conf(settings, Heard(), **{"transactional.id": f"{settings.score.app}-doctor"}))
        producer.init_transactions(CALL_S)
    except KafkaException as exception:
        yield _refused(settings, exception.args[0])
    else:
        yield ok(SUBJECT, "exactly_once: the broker gives transactions")


def _refused(settings: Settings, error: KafkaError) -> Finding:
    if error.code() in FORBIDDEN:
        what = f"this user may not use transactional ids that begin with {settings.score.app}"
        return wrong(SUBJECT, what, remedies.allow_transactions(settings))
    if error.code() in UNSUPPORTED:
        return wrong(SUBJECT, "the broker has no transactions", f"use Kafka 2.5 or newer, or {AT_LEAST_ONCE}")
    what = f"the broker gives no transaction within {CALL_S:g} s: {error.str()}"
    fix = "on a small cluster set transaction.state.log.replication.factor and .min.isr to its number of brokers"
    return away(SUBJECT, what, f"{fix}, or {AT_LEAST_ONCE}")
