"""Is there a Kafka behind `kafka.bootstrap`, does it let us in, and can its own addresses be reached from here.

Clients use the bootstrap address once, to be told the addresses that the brokers advertise; everything else goes
there. So each of those is tried too.
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from fraudstream.doctor.addresses import Address, Unreachable, brokers, tried
from fraudstream.doctor.clients import CALL_S, ENCRYPTED, Heard, conf
from fraudstream.doctor.finding import Finding, away, ok, warning, wrong
from fraudstream.topics import unaccepted
from producer.broker import REFUSED
from schemas.settings import Settings

STEP_S: Final = 1.0
START: Final = "start the broker (`fraudstream up` starts one on this machine) or name another with --bootstrap"
PROTOCOL: Final = (
    "if the broker expects a password or TLS, set security.protocol and what belongs to it under [kafka.properties]; "
    "if it is not Kafka that listens there, correct kafka.bootstrap"
)
PLAINTEXT: Final = "set kafka.properties security.protocol to PLAINTEXT or SASL_PLAINTEXT, or use the port that has TLS"
LISTENERS: Final = (
    "in the broker's settings, let advertised.listeners name an address that this machine reaches, or name in "
    "kafka.bootstrap the listener that is meant for this network"
)


def check(settings: Settings) -> Iterator[Finding]:
    """Without a finding that is ok, nothing else can be asked of the broker."""
    bootstrap = settings.kafka.bootstrap
    problems = tried(brokers(bootstrap))
    for address, problem in problems.items():
        if problem:
            yield _bootstrap(address, problem, only=all(problems.values()))
    if all(problems.values()):
        return
    heard = Heard()
    try:
        client = AdminClient(conf(settings, heard))
    except KafkaException as error:
        raise unaccepted(error) from error
    metadata = _metadata(client, heard)
    if metadata is None:
        yield from _unanswered(settings, heard)
        return
    advertised = {each.id: Address(each.host, each.port) for each in metadata.brokers.values()}
    lost = list(_lost(bootstrap, advertised))
    yield from lost
    if len(lost) < len(advertised):
        count, cluster = len(advertised), metadata.cluster_id or "unnamed"
        yield ok(bootstrap, f"answers: {count} broker{'s' * (count != 1)}, cluster {cluster}")


def _bootstrap(address: Address, problem: Unreachable, *, only: bool) -> Finding:
    """Clients are content with one address that works."""
    if not only:
        return warning(str(address), f"{problem.why}; others in kafka.bootstrap can be reached", START)
    if problem.unknown:
        return wrong(str(address), problem.why, "check the spelling of kafka.bootstrap")
    return away(str(address), problem.why, START)


def _metadata(client: Any, heard: Heard) -> Any:  # noqa: ANN401 - the client's types
    """Short waits, because a refused client would otherwise wait to the end of a long one."""
    deadline = time.monotonic() + CALL_S
    while time.monotonic() < deadline and not heard.telling:
        try:
            return client.list_topics(timeout=STEP_S)
        except KafkaException:
            client.poll(0)
    return None


def _unanswered(settings: Settings, heard: Heard) -> Iterator[Finding]:
    """A client may be sent to an address that leads nowhere before its question is answered."""
    lost = list(_lost(settings.kafka.bootstrap, heard.advertised))
    yield from lost or [_refusal(settings, heard)]


def _refusal(settings: Settings, heard: Heard) -> Finding:
    bootstrap = settings.kafka.bootstrap
    if heard.cause is None:
        how = "closes the connection" if heard.hung_up else "does not answer"
        bare = "" if "security.protocol" in settings.kafka.properties else ", without login or TLS"
        return away(bootstrap, f"something listens there, but {how} when asked as Kafka{bare}", PROTOCOL)
    if ENCRYPTED in heard.cause.str():
        return wrong(bootstrap, "it is asked with TLS, but that listener has none", PLAINTEXT)
    fix = REFUSED.get(heard.cause.code())
    kind = "the login fails" if heard.cause.code() == KafkaError._AUTHENTICATION else "no connection"  # noqa: SLF001
    what = f"{kind}: {heard.words}"
    return wrong(bootstrap, what, fix) if fix else away(bootstrap, what, PROTOCOL)


def _lost(bootstrap: str, advertised: Mapping[int, Address]) -> Iterator[Finding]:
    problems = tried(advertised.values())
    for number, address in sorted(advertised.items()):
        if problem := problems[address]:
            what = f"broker {number} tells its clients to come to {address}, which fails: {problem.why}"
            yield wrong(str(address), what, f"{LISTENERS}; this machine does reach {bootstrap}")
