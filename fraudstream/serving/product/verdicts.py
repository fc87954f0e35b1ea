"""Verdicts from requests to the log of labels: each is told in full, delivered, and known as of then."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from time import time_ns
from typing import Any, Final

from producer.lookup import Lookup
from producer.publish import Event, Publisher
from producer.verdicts import told
from schemas.contracts import LABEL
from schemas.encoding import encoder
from schemas.errors import Usage
from schemas.framing import Framing
from schemas.lot import Checks
from schemas.lot.stamped import TIMESTAMP
from schemas.settings import Settings
from serving.product.asked import moment_ms
from serving.product.ports import Unknown

PATIENCE_S: Final = 5.0
COPIED: Final = ("card_id", "terminal_id", "amount_minor", "currency", "event_time")
SOURCE: Final = "api"
ANY: Final = {
    "card_id": "any",
    "terminal_id": "any",
    "amount_minor": 0,
    "currency": "EUR",
    "event_time": 1_767_225_600_000,
}
FIELDS: Final = tuple(each["name"] for each in LABEL.schema["fields"])


class LogVerdicts:
    """One producer, kept as long as it delivers; after a failure the next verdict gets another."""

    def __init__(self, settings: Settings, clock_ms: Callable[[], int] = lambda: time_ns() // 1_000_000) -> None:
        self._settings, self._clock_ms = settings, clock_ms
        self._checks = Checks(reject_pans=settings.checks.reject_pans)
        self._encode = encoder(LABEL, Framing.SINGLE_OBJECT)
        self._publisher: Publisher | None = None

    def check(self, labels: Sequence[Mapping[str, object]]) -> None:
        """What a label lacks is taken to be right."""
        for place, label in enumerate(labels):
            given = _given(label)
            self._told(ANY | _timed(given) if _is_short(given) else given, place if len(labels) > 1 else None)

    def publish(self, labels: Sequence[Mapping[str, object]]) -> list[dict[str, Any]]:
        """All of them are checked before the first is sent."""
        whole = [self._whole(label, place if len(labels) > 1 else None) for place, label in enumerate(labels)]
        self._deliver([event for _, event in whole])
        return [row for row, _ in whole]

    def close(self) -> None:
        self._publisher = None

    def _whole(self, label: Mapping[str, object], place: int | None) -> tuple[dict[str, Any], Event]:
        given = _given(label)
        return self._told(self._looked_up(given) if _is_short(given) else given, place)

    def _told(self, given: Mapping[str, object], place: int | None) -> tuple[dict[str, Any], Event]:
        rows: list[Mapping[str, object]] = []

        def encode(row: Mapping[str, object]) -> bytes:
            rows.append(row)
            return self._encode(row)

        try:
            event = told(given, self._checks, encode)
        except Usage as error:
            said = error.message if place is None else f"label {place}: {error.message}"
            raise Usage(said, fix=error.fix) from None
        return dict(rows[0]), event

    def _looked_up(self, given: dict[str, object]) -> dict[str, object]:
        event_id = str(given["event_id"])
        with closing(Lookup(self._settings, lambda _: None, PATIENCE_S)) as lookup:
            found = lookup.find(event_id, self._settings.serve.lookup_back_ms, self._clock_ms())
        if found is None:
            raise Unknown("no such transaction is in the log of late; tell in full what the label is of")
        given = _timed(given)
        wrong = [name for name in COPIED if name in given and given[name] != found[name]]
        if wrong:
            raise Usage(f"{', '.join(wrong)}: the transaction says something else", fix="leave it out")
        return {name: found[name] for name in COPIED} | given

    def _deliver(self, events: Sequence[Event]) -> None:
        if self._publisher is None:
            self._publisher = Publisher(self._settings, self._settings.topics.labels, patience=PATIENCE_S)
            self._publisher.require_topic()
        publisher, self._publisher = self._publisher, None
        publisher.send(events)
        publisher.close()
        if failed := publisher.verdict():
            raise failed
        self._publisher = publisher


def _given(label: Mapping[str, object]) -> dict[str, object]:
    if label.get(TIMESTAMP) is not None:
        raise Usage(f"{TIMESTAMP}: a verdict that is sent here is known as of now", fix="leave it out")
    given = {name: cell for name, cell in label.items() if cell is not None and name in FIELDS}
    return {"source": SOURCE} | given


def _is_short(given: Mapping[str, object]) -> bool:
    """Whether its transaction is to be looked up."""
    return isinstance(given.get("event_id"), str) and not given.keys() >= set(COPIED)


def _timed(given: dict[str, object]) -> dict[str, object]:
    return given | {"event_time": moment_ms(given["event_time"], "event_time")} if "event_time" in given else given
