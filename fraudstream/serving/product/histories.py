"""What a card did of late, for requests: each opens the logs anew, so that it sees them as they are now.

1. where the group stands
2. how far readers of flags must be to have seen all flags below that, and a moment's wait until they are
3. the logs
"""

import time
from typing import Any, Final

from consumer import clients
from consumer.replaying.archive import Archive
from consumer.replaying.card_history import Bounds, CardHistory, Ended, Transaction, card_history
from consumer.replaying.log import Deleted
from consumer.replaying.outcomes import Answered
from consumer.standstill import ends
from consumer.trouble import Trouble
from fraudstream.doctor.offsets import Offsets
from fraudstream.orders import answering
from fraudstream.serving.product.broker import require_broker
from schemas.settings import Settings
from serving.product.shapes import BECAME, DONE

PATIENCE_S: Final = 3.0
SETTLED_S: Final = 1.0
"""A lot's transaction is open for milliseconds."""
STEP_S: Final = 0.02
LOOK_S: Final = 3.0
SHOWN: Final = tuple(name for name in DONE["properties"] if name not in BECAME)


class LogHistories:
    """May be asked by several threads at once: each has logs of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def of_card(self, card: str, place: tuple[int, int] | None, most: int) -> dict[str, Any]:
        """Looks again where the broker deleted what was being read: whoever asks has asked for nothing wrong."""
        require_broker(self._settings, PATIENCE_S)
        try:
            return self._looked(card, place, most)
        except Deleted:
            return self._looked(card, place, most)

    def _looked(self, card: str, place: tuple[int, int] | None, most: int) -> dict[str, Any]:
        answered = self._answered()
        bounds = Bounds(most, self._settings.serve.history_records, LOOK_S)
        with Archive.of(self._settings, snapshots=False) as archive:
            found = card_history(archive, answered, card, place, bounds)
            return _told(card, found, newest=found.before == archive.transactions.ends[found.partition])

    def _answered(self) -> Answered:
        with answering(self._settings):
            committed = Offsets(self._settings, PATIENCE_S).committed()
            client = clients.admin(self._settings, "fraudstream-history", Trouble("history"))
            topic, until = self._settings.topics.flags, time.monotonic() + SETTLED_S
            found = ends(client, [topic])
            last = {place: each.last for place, each in found.items()}
            while any(found[place].stable < end for place, end in last.items()) and time.monotonic() < until:
                time.sleep(STEP_S)
                found = ends(client, [topic])
        return Answered(committed, {place.partition: end for place, end in last.items()})


def _told(card: str, found: CardHistory, *, newest: bool) -> dict[str, Any]:
    return {
        "card": card,
        "partition": found.partition,
        "transactions": [_row(each) for each in found.transactions],
        "looked_from": {"offset": found.before, "newest": newest},
        "looked_back_to": {"offset": found.back_to, "time": found.back_to_ms},
        "ended": found.ended,
        "complete": found.ended is not Ended.BOUND,
    }


def _row(each: Transaction) -> dict[str, Any]:
    became = each.became
    said = {"status": became.status, "outcome": became.outcome, "score": became.score}
    return {name: each.fields[name] for name in SHOWN} | said
