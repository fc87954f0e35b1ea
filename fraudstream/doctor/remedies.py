"""Commands to copy: Kafka's own tools, with this broker and these topics filled in."""

import shlex
from collections.abc import Iterable

from schemas.settings import Settings
from schemas.settings.kafka import Kafka


def create_topics(settings: Settings) -> str:
    """With the broker, where it is not the usual one: it may have been named on the command line."""
    usual = settings.kafka.bootstrap == Kafka().bootstrap
    return "fraudstream topics create" + ("" if usual else f" --bootstrap {settings.kafka.bootstrap}")


def set_config(settings: Settings, topic: str, name: str, value: object) -> str:
    what = f"--alter --entity-type topics --entity-name {topic} --add-config {name}={value}"
    return f"{_tool('kafka-configs.sh', settings)} {what}"


def set_partitions(settings: Settings, topic: str, partitions: int) -> str:
    return f"{_tool('kafka-topics.sh', settings)} --alter --topic {topic} --partitions {partitions}"


def allow(settings: Settings, operation: str, topics: Iterable[str]) -> str:
    named = " ".join(f"--topic {topic}" for topic in topics)
    return f"{_acls(settings)} --operation {operation} {named}"


def allow_group(settings: Settings) -> str:
    return f"{_acls(settings)} --operation Read --group {settings.score.group}"


def allow_transactions(settings: Settings) -> str:
    prefix = f"--transactional-id {settings.score.app} --resource-pattern-type prefixed"
    return f"{_acls(settings)} --operation Write --operation Describe {prefix}"


def move(to: str, partition: int) -> str:
    return f'fraudstream operate move --to {to} --partition {partition} --why "…"'


def go_on(partition: int) -> str:
    return f'once that is mended: fraudstream dlq resume {partition} --why "…"'


def abort_hanging(settings: Settings, topic: str, partition: int, offset: int) -> str:
    """Kafka's own tool ends the transaction that begins there."""
    where = f"--topic {topic} --partition {partition} --start-offset {offset}"
    return f"{_tool('kafka-transactions.sh', settings)} abort {where}"


def _acls(settings: Settings) -> str:
    user = settings.kafka.client().get("sasl.username", "<the user fraudstream connects as>")
    return f"{_tool('kafka-acls.sh', settings)} --add --allow-principal {shlex.quote(f'User:{user}')}"


def _tool(name: str, settings: Settings) -> str:
    """With a login, Kafka's tools want a file of their own for it."""
    login = " --command-config client.properties" if "security.protocol" in settings.kafka.properties else ""
    return f"{name} --bootstrap-server {settings.kafka.bootstrap}{login}"
