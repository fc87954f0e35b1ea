"""What was published of customers, and what to offer them: the look-ups of the commands, for requests."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from batch.generation import answering
from batch.nightly.look_up import Terms, look_up
from fraudstream.commands.generations import QUICK_S, connected
from fraudstream.offering import facts, policy_of, published
from models.churn.offers import Contacts
from models.churn.offers import offer as offered
from schemas.churn import SCALE, Keys
from schemas.settings import Settings
from serving.product.ports import Unknown, Unpublished


class LiveCustomers:
    """May be asked by several threads at once."""

    def __init__(self, settings: Settings, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._settings, self._now = settings, now
        self._policy = policy_of(settings)
        self._keys = Keys(settings.redis.prefix)
        self._terms = Terms.of(settings.nightly.threshold, settings.enrich.max_age_ms)
        self._redis = connected(settings.redis.url.get_secret_value(), QUICK_S)

    def churn(self, customer: str) -> dict[str, Any]:
        with answering():
            found = look_up(self._redis, self._keys, [customer], self._terms, self._now())
        [answer] = found.answers
        if found.meta is None:
            raise Unpublished
        if answer.millionths is None:
            raise Unknown(f"the generation {found.meta.generation} does not have this customer")
        return {
            "customer": customer,
            "status": answer.status.value,
            "score": answer.millionths / SCALE,
            "decile": answer.decile,
            "at_risk": answer.at_risk,
            "generation": found.meta.generation,
            "age_seconds": round(found.age.total_seconds()),
        }

    def offer(self, customer: str, value_minor: int | None, contacts: Contacts) -> dict[str, Any]:
        known, _ = published(self._redis, self._settings, customer, self._policy, self._now())
        made = offered(self._policy, replace(known, value_minor=value_minor, contacts=contacts))
        score = None if known.millionths is None else known.millionths / SCALE
        return facts(customer, made) | {"score": score}
