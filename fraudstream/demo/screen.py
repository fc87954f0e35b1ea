"""What the viewer sees: a live table on a terminal, one line per flag elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from fraudstream.decision import amount, moment, to_line
from models.policies.reasons import told

if TYPE_CHECKING:
    from fraudstream.decision import Decision
    from fraudstream.demo.board import ScoreBoard

STYLES: Final = {"block": "bold red", "review": "yellow"}
PER_SECOND: Final = 4
FRAME_LINES: Final = 10
"""What stands around the flags."""


class Screen(Protocol):
    def say(self, line: str) -> None: ...

    def flag(self, decision: "Decision") -> None: ...


class Terminal:
    """Redraws itself; the flags are on the board already."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False)

    def flag(self, decision: "Decision") -> None:
        """The table shows it."""


class Plain:
    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def flag(self, decision: "Decision") -> None:
        self.say(to_line(decision))


@contextmanager
def screen(console: Console, board: "ScoreBoard") -> Iterator[Screen]:
    if not console.is_terminal:
        yield Plain(console)
        return
    with Live(get_renderable=lambda: picture(board, console.height), console=console, refresh_per_second=PER_SECOND):
        yield Terminal(console)


def picture(board: "ScoreBoard", height: int) -> Group:
    """As many flags as fit."""
    shown = list(reversed(board.flags))[: max(height - FRAME_LINES, 1)]
    return Group(Panel(_head(board), title="fraudstream", title_align="left"), _table(shown), _latest(shown))


def _head(board: "ScoreBoard") -> Text:
    outcomes = board.outcomes
    said = f"{board.scored:,} scored   {outcomes['review']:,} to review   {outcomes['block']:,} blocked"
    ages = f"from event to answer: half within {board.age(0.5):.0f} ms, 99 % within {board.age(0.99):.0f} ms"
    return Text(f"{said}\n{ages}")


def _table(shown: "list[Decision]") -> Table:
    table = Table(expand=True, box=SIMPLE_HEAD)
    for name in ("time", "card", "amount", "outcome", "score", "churn"):
        table.add_column(name, justify="right" if name in {"amount", "score", "churn"} else "left", no_wrap=True)
    table.add_column("why", ratio=1, no_wrap=True, overflow="ellipsis")
    for decision in shown:
        outcome = decision["outcome"]
        table.add_row(
            moment(decision["event_time"])[-len("00:00:00") :],
            decision["card_id"],
            amount(decision["amount_minor"], decision["currency"]),
            Text(outcome, STYLES[outcome]),
            f"{decision['score']:.3f}",
            _churn(decision),
            ", ".join(code.replace("_", " ") for code in decision["reasons"]),
        )
    return table


def _latest(shown: "list[Decision]") -> Text:
    """The newest flag's reasons in sentences."""
    if not shown:
        return Text("waiting for the first flag", "dim")
    return Text(f"{shown[0]['card_id']}: " + " ".join(told(shown[0]["reasons"])), "dim")


def _churn(decision: "Decision") -> str:
    churn = decision["churn"]
    return churn["status"] if churn["score"] is None else f"{churn['score']:.2f}"
