"""Rows that were not sent: each is counted and, where a file is given, written to it; people are told of some.

At most MOST_SAID are said per second, and then how many more there were.
"""

import json
import time
from collections import Counter
from collections.abc import Callable
from typing import Final, TextIO

from producer.files import Reject

MOST_SAID: Final = 10


class Rejects:
    """`say` takes a line for people; `file` gets every reject as a JSON line."""

    def __init__(
        self, say: Callable[[str], None], file: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.reasons: Counter[str] = Counter()
        self.say = say
        self._file = file
        self._clock = clock
        self._since = clock()
        self._said = 0
        self._unsaid = 0

    @property
    def total(self) -> int:
        return self.reasons.total()

    def add(self, reject: Reject, unit: str) -> None:
        self.reasons[reject.reason] += 1
        if self._file:
            entry = {"line": reject.line, "reason": reject.reason, "detail": reject.detail}
            self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        if self._clock() - self._since >= 1.0:
            self.finish()
        if self._said < MOST_SAID:
            self._said += 1
            self.say(f"{unit} {reject.line}: {reject.reason}: {reject.detail}")
        else:
            self._unsaid += 1

    def finish(self) -> None:
        """Says how many were not said."""
        if self._unsaid:
            self.say(f"and {self._unsaid} more")
        self._since, self._said, self._unsaid = self._clock(), 0, 0
