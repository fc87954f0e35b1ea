"""Which of the chosen dead letters go back, which do not and why, and the account that is given of them."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final

from models.registry.by import By
from producer.dead_letters import Letter
from producer.resending import Resender
from schemas.settings import Settings
from schemas.standing import Standing

TOLD: Final = 20
"""Of each reason, so many are told one by one; all are counted."""

Say = Callable[[str], None]


class Sorting:
    """Which of the chosen can be sent, and what becomes of the others."""

    def __init__(self, topic: str, standing: Standing, again: bool, say: Say) -> None:
        self._topic, self._standing, self._again, self._say = topic, standing, again, say
        self.sent = 0
        self._left: Counter[str] = Counter()

    def good(self, chosen: Iterator[Letter]) -> Iterator[Letter]:
        for letter in chosen:
            if obstacle := letter.obstacle(self._topic):
                self._left[obstacle] += 1
                if self._left[obstacle] <= TOLD:
                    self._say(f"{letter.place} cannot be sent back: {obstacle}")
            elif not self._again and self._standing.replays(*letter.place):
                self._left["sent back before; --again sends them all the same"] += 1
            else:
                if letter.headers is None:
                    self._say(f"{letter.place} goes without its headers, which could not be kept")
                self.sent += 1
                yield letter

    def account(self, verb: str) -> str:
        left = [f"{count:,} not: {why}" for why, count in self._left.items()]
        return "; ".join([f"{self.sent:,} {verb}", *left])


def send(settings: Settings, chosen: Iterator[Letter], by: By, *, again: bool, say: Say) -> Sorting:
    with Resender(settings, say) as resender:
        sorting, gone = Sorting(settings.topics.transactions, resender.before, again, say), 0
        for count in resender.send(sorting.good(chosen), who=by.who, why=by.why, now=lambda: datetime.now(UTC)):
            gone += count
            say(f"{gone:,} sent")
    return sorting
