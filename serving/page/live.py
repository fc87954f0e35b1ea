"""What the page shows, as it stands: told by any thread, read by the streams of its viewers, bounded whatever comes.

A viewer is two numbers: the last flag and the last round of figures that it has. Nothing is queued for anybody, so
one who reads slowly costs nothing and misses what has left the list; what is true now always reaches it.
"""

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from secrets import token_hex
from threading import Lock
from typing import Any, Final

from serving.page.facts import Churn, Figures, Model, Notes, Source

KEPT: Final = 200
"""Flags."""
POINTS: Final = 180
"""Rounds of figures that its small charts go back over."""
DRAWN: Final = ("at", "per_s", "p50_ms", "p99_ms", "lag_records")


@dataclass(frozen=True, slots=True)
class Seen:
    flag: int = 0
    version: int = 0
    round: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """One event for a viewer; `id` lets it go on from here after a break."""

    event: str
    data: str
    id: str = ""


class Live:
    """`about` is said once to each viewer: which program this is, and what it can do."""

    def __init__(self, about: Mapping[str, Any], boot: str | None = None) -> None:
        self._boot = boot or token_hex(4)
        self._about = dict(about)
        self._lock = Lock()
        self._flags: deque[tuple[int, dict[str, Any]]] = deque(maxlen=KEPT)
        self._series: deque[tuple[Any, ...]] = deque(maxlen=POINTS)
        self._now: dict[str, Any] = {"figures": None, "model": None, "churn": None, "notes": [], "sources": {}}
        self._sources: Mapping[str, Source] = {}
        self._flagged = self._round = 0
        self._version = 1

    def flag(self, flag: Mapping[str, Any]) -> None:
        with self._lock:
            self._flagged += 1
            self._flags.append((self._flagged, dict(flag)))

    def figures(self, figures: Figures | None, notes: Notes = ()) -> None:
        """None: nobody says. The charts keep a gap then."""
        with self._lock:
            said = None if figures is None else asdict(figures)
            self._series.append(tuple(said[name] for name in DRAWN) if said else (None,) * len(DRAWN))
            self._round += 1
            self._tell(figures=said, notes=[asdict(each) for each in notes])

    def model(self, model: Model | None) -> None:
        with self._lock:
            self._tell(model=model and asdict(model))

    def churn(self, churn: Churn | None) -> None:
        with self._lock:
            self._tell(churn=churn and asdict(churn))

    def source(self, name: str, source: Source) -> None:
        with self._lock:
            self._sources = {**self._sources, name: source}
            self._tell(sources={each: asdict(one) for each, one in self._sources.items()})

    def sources(self) -> Mapping[str, Source]:
        with self._lock:
            return self._sources

    def resume(self, last: str) -> Seen:
        """`last` is the id of the last event a viewer had; ids of another run of the server count for nothing."""
        boot, _, count = last.partition("-")
        fits = boot == self._boot and count.isascii() and count.isdigit() and len(count) < len(str(1 << 63))
        return Seen(flag=min(int(count), self._flagged)) if fits else Seen()

    def look(self, seen: Seen) -> tuple[list[Told], Seen]:
        """What is new since then, and what the viewer has seen with it."""
        with self._lock:
            new = [(number, flag) for number, flag in self._flags if number > seen.flag]
            now = Seen(self._flagged, self._version, self._round)
            state = dict(self._now)
            missed = self._round - seen.round > 1 or not seen.version
            series = list(self._series) if missed else None
        found = [] if seen.version else [Told("hello", _text(self._about | {"boot": self._boot}))]
        if now.version != seen.version:
            found.append(Told("state", _text(state | {"round": now.round} | ({"series": series} if missed else {}))))
        if new:
            listed = [flag | {"number": number} for number, flag in new]
            found.append(Told("flags", _text({"flags": listed, "more": not seen.flag}), f"{self._boot}-{now.flag}"))
        return found, now

    def _tell(self, **parts: Any) -> None:  # noqa: ANN401 - JSON
        """Counts as news only what differs."""
        if any(self._now[name] != part for name, part in parts.items()):
            self._now |= parts
            self._version += 1


def _text(value: Any) -> str:  # noqa: ANN401 - JSON
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
