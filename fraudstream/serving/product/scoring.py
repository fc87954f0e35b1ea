"""What decides in the stream, for requests: the live model and policy, and churn scores as the worker has them."""

from typing import Any

from consumer.deciding import Watch, live
from consumer.enriching import enricher
from models.bank import Bank
from models.decision_fields import by
from models.feature_list import FEATURES
from models.predicting.transactions import Fold
from models.rules import RULES
from schemas.lot import Checks
from schemas.settings import Settings

WARM_MS = 1_767_225_600_000


class LiveScoring:
    """Follows the registry as the worker does: what becomes live there decides from the next request on."""

    def __init__(self, settings: Settings) -> None:
        self._bank, self._checks = Bank.of(settings), Checks(reject_pans=settings.checks.reject_pans)
        self._enricher = enricher(settings)
        self._watch = Watch(settings, live(settings))

    def start(self) -> None:
        self._watch.start()
        self._enricher.start()
        self._warm()

    def close(self) -> None:
        self._watch.close()
        self._enricher.close()

    def begin(self, complete_since_ms: int | None) -> Fold:
        return Fold(
            self._bank,
            self._watch.current(),
            checks=self._checks,
            look_up=self._enricher.look_up,
            complete_since_ms=complete_since_ms,
        )

    def told(self) -> dict[str, Any]:
        decider = self._watch.current()
        limits = decider.thresholds
        return dict(by(decider)) | {
            "thresholds": {"review_at": limits.review_at, "block_at": limits.block_at},
            "features": [{"name": each.name, "meaning": each.meaning} for each in FEATURES],
            "rules": [rule.code for rule in RULES],
        }

    def _warm(self) -> None:
        """A flag goes all the way, so that everything is compiled that decides one."""
        ids = {"event_id": "warm", "card_id": "warm", "terminal_id": "warm", "event_time": WARM_MS}
        paid = ids | {"amount_minor": 100_000_000_000, "currency": "EUR", "country": "XX", "channel": "ONLINE"}
        fold = self.begin(None)
        fold.learn([paid | {"is_fraud": True, "source": "warm"}])
        fold.remember([paid | {"customer_id": "warm", "latitude": 1.0, "longitude": 1.0, "device_id": "warm"}])
        fold.decide([paid | {"event_id": "warm-2", "customer_id": "warm"}]).fields()
