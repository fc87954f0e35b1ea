"""The enricher that the settings ask for."""

import hashlib
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from consumer.enriching.copies import Copies
from consumer.enriching.enricher import Enricher
from consumer.enriching.lookups import Lookups
from consumer.enriching.published import Published
from consumer.enriching.replica import Replica
from schemas.churn import Keys
from schemas.settings import Settings

ANSWER_S: Final = 2.0
"""How long one answer may take beside the scoring: a chunk of a megabyte and a half."""
SHOWN_DIGITS: Final = 16


def enricher(settings: Settings) -> Enricher:
    """Opens no connection yet."""
    keys, max_age_ms = Keys(settings.redis.prefix), settings.enrich.max_age_ms
    budget_s = settings.redis.budget_ms / 1000
    asking = Lookups(client(settings, budget_s, texts=True), keys, budget_s=budget_s, max_age_ms=max_age_ms)
    if settings.enrich.mode == "lookup":
        return asking
    return Replica(
        Published(client(settings, ANSWER_S, texts=False), keys),
        Copies(folder(settings)),
        asking,
        max_age_ms=max_age_ms,
        check_every_s=settings.enrich.check_every_s,
    )


def client(settings: Settings, answer_s: float, *, texts: bool) -> Redis:
    return Redis.from_url(
        settings.redis.url.get_secret_value(),
        decode_responses=texts,
        socket_timeout=answer_s,
        socket_connect_timeout=answer_s,
        retry=Retry(NoBackoff(), 0),
    )


def folder(settings: Settings) -> Path:
    """Of its own for each Redis and prefix: two deployments on a host do not remove each other's copies."""
    parts = urlsplit(settings.redis.url.get_secret_value())
    db = parse_qs(parts.query).get("db", [""])[0]
    place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path} {db} {settings.redis.prefix}"
    return settings.enrich.folder.expanduser() / hashlib.sha256(place.encode()).hexdigest()[:SHOWN_DIGITS]
