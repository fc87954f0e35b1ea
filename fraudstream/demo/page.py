"""The live page of the demo, on a free port of this machine: fed from the board, as the screen is.

It is beside the demo, never in its way: where it cannot be shown, one line says why, and the demo plays on.
"""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from fraudstream.demo.board import ScoreBoard
from fraudstream.demo.screen import Screen, true
from schemas.errors import FraudstreamError
from schemas.settings import Settings

if TYPE_CHECKING:
    from fraudstream.decision import Decision
    from serving.page.live import Live

EVERY_S: Final = 1.0
ROUNDS: Final = 4
CAUGHT_UP_MS: Final = 1_000.0
CATCHING_UP_S: Final = 10.0
TITLE: Final = "Demo: simulated people"
LATENCY: Final = "from transaction to answer"


class Page(Protocol):
    url: str | None
    """None: there is none."""

    def flag(self, decision: "Decision") -> None: ...

    def turn(self) -> None:
        """Called again and again, by the thread that counts."""


class Nowhere:
    url: str | None = None

    def flag(self, decision: "Decision") -> None:
        """Nobody watches."""

    def turn(self) -> None:
        """Nobody watches."""


class Fed:
    def __init__(self, url: str, live: "Live", board: ScoreBoard, workers: int) -> None:
        self.url: str | None = url
        self._live, self._board, self._workers = live, board, workers
        self._rounds: deque[tuple[float, dict[str, int]]] = deque(maxlen=ROUNDS)
        self._began: float | None = None
        self._flows = False

    def flag(self, decision: "Decision") -> None:
        from serving.page.facts import flag

        self._live.flag(flag(decision, true(self._board, decision)))

    def turn(self) -> None:
        now = time.monotonic()
        if self._rounds and now - self._rounds[-1][0] < EVERY_S:
            return
        self._rounds.append((now, dict(self._board.outcomes)))
        if len(self._rounds) > 1 and self._caught_up(now):
            self._tell(now)

    def _caught_up(self, now: float) -> bool:
        """What came while the scorer started is answered all at once: a peak that would be all there is to see."""
        board = self._board
        self._began = self._began or (now if board.scored else None)
        late = self._began is not None and now - self._began > CATCHING_UP_S
        self._flows = self._flows or late or (board.scored > 0 and board.age(0.99) < CAUGHT_UP_MS)
        return self._flows

    def _tell(self, now: float) -> None:
        from serving.page.facts import Figures, Rate

        board, (then, before) = self._board, self._rounds[0]
        rates = {
            name: Rate(count, round((count - before.get(name, 0)) / (now - then), 2))
            for name, count in self._rounds[-1][1].items()
        }
        self._live.figures(
            Figures(
                at=time.time_ns() // 1_000_000,
                per_s=round(sum(each.per_s for each in rates.values()), 2),
                outcomes=rates,
                p50_ms=round(board.age(0.5), 2),
                p99_ms=round(board.age(0.99), 2),
                latency=LATENCY,
                lag_records=board.waiting,
                lag_s=round(board.oldest(now), 3),
                answering=self._workers,
                workers=self._workers,
            )
        )


class Watched:
    """A screen, and the page beside it."""

    def __init__(self, screen: Screen, page: Page) -> None:
        self._screen, self._page = screen, page

    def say(self, line: str) -> None:
        self._screen.say(line)

    def flag(self, decision: "Decision") -> None:
        self._screen.flag(decision)
        self._page.flag(decision)


@contextmanager
def page(
    settings: Settings, board: ScoreBoard, workers: int, folder: Path, *, wanted: bool
) -> Iterator[tuple[Page, str]]:
    """With what there is to say of it."""
    with ExitStack() as stack:
        if not wanted:
            yield Nowhere(), ""
            return
        try:
            fed = _opened(stack, settings, board, workers, folder)
        except Exception as error:  # noqa: BLE001 - whatever it meets, the demo plays on
            yield Nowhere(), f"no live page: {_why(error)}"
            return
        yield fed, f"live page: {fed.url}"


def _why(error: Exception) -> str:
    """In one line."""
    if isinstance(error, FraudstreamError):
        return f"{error.message}; {error.fix}"
    return f"{type(error).__name__}: {error}".partition("\n")[0]


def _opened(stack: ExitStack, settings: Settings, board: ScoreBoard, workers: int, folder: Path) -> Fed:
    from fraudstream.serving.extra import needed

    needed()
    from fraudstream.serving.everything import PROGRAM, application
    from fraudstream.serving.feeds.all import standing_facts
    from fraudstream.serving.feeds.feeding import feeding
    from serving.page.about import about
    from serving.page.facts import Source, State
    from serving.page.live import Live
    from serving.server import running

    log = stack.enter_context((folder / "page.log").open("w", encoding="utf-8"))
    stack.callback(structlog.configure, **structlog.get_config())
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(log), cache_logger_on_first_use=False)
    settings = settings.model_copy(update={"serve": settings.serve.model_copy(update={"port": 0})})
    live = Live(about(PROGRAM, "demo", TITLE))
    live.source("flags", Source(State.OK, f"{settings.topics.flags} at {settings.kafka.bootstrap}"))
    live.source("workers", Source(State.OK, f"{workers} of the demo"))
    url = stack.enter_context(running(application(settings, live), settings.serve))
    stack.enter_context(feeding(*standing_facts(settings, live)))
    return Fed(f"{url}/", live, board, workers)
