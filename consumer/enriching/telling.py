"""What is told of churn scores besides the decisions: which generation is in use, how old it is, what is wrong."""

import structlog

from consumer import metrics
from schemas.churn import Status

log = structlog.get_logger(__name__)


class Telling:
    """A trouble is said once, until it is over or another one. Never raises."""

    def __init__(self) -> None:
        self._trouble = ""

    @property
    def trouble(self) -> str:
        return self._trouble

    def generation(self, name: str, as_of_ms: int, published_s: float | None, **how: object) -> None:
        metrics.CHURN_GENERATION_TIME.clear()
        metrics.CHURN_AS_OF.clear()
        metrics.CHURN_AS_OF.labels(name).set(as_of_ms / 1000)
        if published_s is not None:
            metrics.CHURN_GENERATION_TIME.labels(name).set(published_s)
        log.info("churn.generation", generation=name, **how)

    def without_copy(self, name: str, why: str) -> None:
        metrics.CHURN_COPY_BYTES.set(0)
        log.warning("churn.no_copy", generation=name, why=why, instead="look-ups")

    def failed(self, why: str, still: str | None) -> None:
        """Where nothing is in use, decisions say so themselves: churn_unavailable."""
        metrics.DEGRADED.labels(metrics.CHURN_REFRESH_FAILED).set(still is not None)
        if why != self._trouble:
            self._trouble = why
            log.warning("churn.unavailable", why=why, still=still or Status.UNAVAILABLE.value)

    def well(self) -> None:
        metrics.DEGRADED.labels(metrics.CHURN_REFRESH_FAILED).set(0)
        if self._trouble:
            log.info("churn.recovered", after=self._trouble)
            self._trouble = ""


def said(error: Exception) -> str:
    """Without what an address may hold of passwords: the clients' own words name hosts and ports alone."""
    return f"{type(error).__name__}: {error}"
