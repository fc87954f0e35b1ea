"""What offers are made by: the policy that the settings name, and what was published of a customer."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from redis import Redis

from batch.generation import answering
from batch.nightly.look_up import Terms, look_up
from models.churn.offers import FIX_POLICY, SHIPPED, Known, Offer, OffersPolicy
from schemas.churn import Keys, Meta
from schemas.errors import Misconfigured
from schemas.settings import Settings


def policy_of(settings: Settings) -> OffersPolicy:
    name = settings.offers.policy
    if not name:
        return SHIPPED
    try:
        return OffersPolicy.read(Path(name).expanduser().read_bytes(), name)
    except OSError as error:
        raise Misconfigured(f"offers.policy {name}: {error.strerror}", fix=FIX_POLICY) from error


def published(
    client: Redis, settings: Settings, customer: str, policy: OffersPolicy, now: datetime
) -> tuple[Known, Meta | None]:
    stale_ms = round(timedelta(hours=policy.stale_after_hours).total_seconds() * 1000)
    with answering():
        found = look_up(
            client, Keys(settings.redis.prefix), [customer], Terms.of(settings.nightly.threshold, stale_ms), now
        )
    [answer] = found.answers
    generation = found.meta.generation if found.meta else None
    age = found.age if found.meta else None
    return Known(answer.status, answer.millionths, answer.decile, age, generation), found.meta


def facts(customer: str, made: Offer) -> dict[str, Any]:
    """All but the score, which each door writes in its own way."""
    known, answer = made.known, made.answer
    return {
        "customer": customer,
        "offer": answer.offer,
        "reason": answer.reason,
        "costs_minor": answer.costs_minor,
        "rule": made.rule,
        "policy_version": made.version,
        "decile": known.decile,
        "status": known.status.value,
        "generation": known.generation,
        "age_seconds": None if known.age is None else round(known.age.total_seconds()),
    }
