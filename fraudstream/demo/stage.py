"""Sets everything up before the first transaction: servers, topics of the demo's own, a churn generation.

On the viewer's own servers nothing but the demo's topics and keys is touched, and those are deleted again.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from confluent_kafka.admin import AdminClient
from redis import Redis

from batch.generation import publish
from fraudstream.demo.era import Era
from fraudstream.local.running import local_kafka, local_redis, started
from fraudstream.topics import Administration, missing
from producer.population import Population
from schemas.churn import SCALE, Keys
from schemas.framing import Framing
from schemas.settings import Settings, leaves, load
from schemas.topics import FOR_EVER, RULES

DELETE_S: Final = 10.0
POLICY_SETTINGS: Final = {"rules.home_countries": "DE"}
"""What model and policy are made under besides the defaults."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The viewer's own servers, None for the demo's; `jars` is a folder with those of its broker."""

    bootstrap: str | None
    redis: str | None
    jars: Path | None


@dataclass(frozen=True, slots=True)
class Stage:
    """`environment` makes the product's commands play here."""

    settings: Settings
    environment: Mapping[str, str]


@contextmanager
def stage(folder: Path, wanted: Wanted, people: Population, era: Era) -> Iterator[Stage]:
    with _servers(folder, wanted.bootstrap, wanted.redis, wanted.jars) as addresses:
        chosen = addresses | _own_names(secrets.token_hex(3)) | _own_time(era) | POLICY_SETTINGS
        settings = load(chosen)
        _create_topics(settings)
        try:
            _publish_churn(settings, people)
            yield Stage(settings, as_environment(chosen))
        finally:
            if wanted.bootstrap:
                _delete_topics(settings)
            if wanted.redis:
                _delete_keys(settings)


def as_environment(chosen: Mapping[str, str]) -> dict[str, str]:
    return {leaf.env: chosen[leaf.path] for leaf in leaves() if leaf.path in chosen}


@contextmanager
def _servers(folder: Path, bootstrap: str | None, redis: str | None, jars: Path | None) -> Iterator[dict[str, str]]:
    kafka = None if bootstrap else local_kafka(folder, jars)
    cache = None if redis else local_redis(folder, allow_fake=True)
    with started(*(server for server in (cache, kafka) if server)):
        yield {
            "state.url": str(folder / "state"),
            "models.root": str(folder / "models"),
            "kafka.bootstrap": bootstrap or (kafka.bootstrap if kafka else ""),
            "redis.url": redis or (cache.url if cache else ""),
        }


def _own_names(run: str) -> dict[str, str]:
    names = {f"topics.{rule.role}": f"demo-{run}-{rule.name}" for rule in RULES}
    return names | {
        "redis.prefix": f"demo-{run}-churn:",
        "score.group": f"demo-{run}",
        "score.app": f"demo-{run}",
        "output.scores": "true",
        "output.max_decision_age": "0s",
        "output.framing": Framing.SINGLE_OBJECT,
        "health.port": "-1",
        "log.format": "json",
    }


def _own_time(era: Era) -> dict[str, str]:
    return {"score.start": era.live, "labels.grace": f"{era.grace_hours}h"}


def _create_topics(settings: Settings) -> None:
    """They keep everything: records are older here than a topic usually keeps them."""
    administration = Administration(settings)
    wanted = missing(administration.look(), settings)
    lasting = [replace(each, config={**each.config, "retention.ms": str(FOR_EVER)}) for each in wanted]
    for _ in administration.make(lasting):
        pass


def _publish_churn(settings: Settings, people: Population) -> None:
    now = datetime.now(UTC)
    scores = {customer: round(score * SCALE) for customer, score in people.churn().items()}
    with Redis.from_url(settings.redis.url.get_secret_value(), decode_responses=True) as redis:
        publish(
            redis,
            Keys(settings.redis.prefix),
            scores,
            generation=now.strftime("%Y%m%d-%H%M%S"),
            as_of=now,
            published_at=now,
            model="simulated",
        )


def _delete_topics(settings: Settings) -> None:
    names = [settings.topics.name(rule.role) for rule in RULES]
    admin = AdminClient(settings.kafka.client())
    for deleted in admin.delete_topics(names).values():
        deleted.result(timeout=DELETE_S)


def _delete_keys(settings: Settings) -> None:
    with Redis.from_url(settings.redis.url.get_secret_value()) as redis:
        for key in redis.scan_iter(f"{settings.redis.prefix}*", count=1000):
            redis.delete(key)
