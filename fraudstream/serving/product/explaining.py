"""Explanations out of the logs, for requests: each opens the logs anew, so that it sees them as they are now."""

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final

import structlog

from consumer.deciding import recalled
from consumer.replaying.archive import Archive
from consumer.replaying.explanation import Explainer, Explanation
from consumer.replaying.search import find
from fraudstream.replaying import explained
from fraudstream.serving.product.broker import require_broker
from models.decide import Decider
from models.minds import ModelRef
from models.policies.reasons import told
from schemas.errors import Misconfigured, Usage
from schemas.settings import Settings
from serving.product.ports import Irreproducible, Unknown

PATIENCE_S: Final = 5.0
DECIDERS: Final = 4
"""Models that are kept once believed: it takes seconds."""
NOWHERE: Final = "the logs have neither a decision nor a transaction of it, or not any more"

log = structlog.get_logger(__name__)


class LogExplaining:
    """May be asked by several threads at once: each has logs of its own."""

    def __init__(self, settings: Settings, place: Callable[[str], tuple[int, int] | None] = lambda _: None) -> None:
        """`place` is where a transaction is, if that is known already: the log need not be searched then."""
        self._settings, self._place = settings, place
        self._recall = lru_cache(DECIDERS)(self._recalled)

    def explain(self, event_id: str, since_ms: int | None) -> dict[str, Any]:
        require_broker(self._settings, PATIENCE_S)
        with Archive.of(self._settings) as archive:
            found = self._at_its_place(archive, event_id) or self._searched(archive, event_id, since_ms)
            facts = explained.facts(found, archive.transactions.topic)
        return facts | {"sentences": told(facts["decision"]["reasons"]), "verdict": explained.verdict(found)}

    def _at_its_place(self, archive: Archive, event_id: str) -> Explanation | None:
        place = self._place(event_id)
        if place is None:
            return None
        with suppress(Usage, Misconfigured):
            found = Explainer(archive, self._recall).explain(*place)
            return found if event_id in found.event_ids else None
        return None

    def _searched(self, archive: Archive, event_id: str, since_ms: int | None) -> Explanation:
        try:
            place = find(archive, event_id, since_ms)
        except Usage:
            raise Unknown(NOWHERE) from None
        try:
            return Explainer(archive, self._recall).explain(*place)
        except Usage as error:
            raise Unknown(error.message) from None
        except Misconfigured as error:
            log.warning("explain.irreproducible", why=error.message)
            raise Irreproducible from None

    def _recalled(self, ref: ModelRef, policy: str) -> Decider:
        model = {"name": ref.name, "version": ref.version, "digest": ref.digest}
        return recalled(self._settings, model, policy)
