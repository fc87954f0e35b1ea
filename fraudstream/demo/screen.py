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
FRAME_LINES: Final = 14
"""What stands around the flags."""
WIDE: Final = 110
"""So many columns have room for a reason beside each flag."""


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
    def __init__(self, console: Console, board: "ScoreBoard") -> None:
        self._console = console
        self._board = board

    def say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def flag(self, decision: "Decision") -> None:
        self.say(f"{to_line(decision)}  [{true(self._board, decision)}]")


@contextmanager
def screen(console: Console, board: "ScoreBoard") -> Iterator[Screen]:
    if not console.is_terminal:
        yield Plain(console, board)
        return

    def drawn() -> Group:
        return picture(board, console.width, console.height)

    with Live(get_renderable=drawn, console=console, refresh_per_second=PER_SECOND):
        yield Terminal(console)


def picture(board: "ScoreBoard", width: int, height: int) -> Group:
    """As many flags as fit."""
    shown = list(reversed(board.flags))[: max(height - FRAME_LINES, 1)]
    head = Panel(_head(board), title="fraudstream", title_align="left")
    return Group(head, _table(board, shown, why=width >= WIDE), _latest(shown))


def _head(board: "ScoreBoard") -> Text:
    outcomes = board.outcomes
    said = f"{board.scored:,} scored   {outcomes['review']:,} to review   {outcomes['block']:,} blocked"
    killed = f"   workers killed: {board.killed:,}" if board.killed else ""
    ages = f"from transaction to answer: half within {board.age(0.5):.0f} ms, 99 % within {board.age(0.99):.0f} ms"
    return Text(f"{said}{killed}\n{ages}\nby the simulator's truth: {board.told_truth}")


def _table(board: "ScoreBoard", shown: "list[Decision]", *, why: bool) -> Table:
    table = Table(expand=True, box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for name in ("time", "card", "amount", "outcome", "score", "truth"):
        table.add_column(name, justify="right" if name in {"amount", "score"} else "left", no_wrap=True)
    if why:
        table.add_column("why", ratio=1, no_wrap=True, overflow="ellipsis")
    for decision in shown:
        outcome = decision["outcome"]
        table.add_row(
            moment(decision["event_time"])[len("2026-") : -len(":00")],
            decision["card_id"],
            amount(decision["amount_minor"], decision["currency"]),
            Text(outcome, STYLES[outcome]),
            f"{decision['score']:.3f}",
            true(board, decision),
            *told(decision["reasons"])[:why],
        )
    return table


def true(board: "ScoreBoard", decision: "Decision") -> str:
    """Its scenario in the simulation."""
    scenario = board.truth(decision["event_id"])
    return "genuine" if scenario is None else scenario.replace("_", " ")


def _latest(shown: "list[Decision]") -> Text:
    """The newest flag's reasons in sentences."""
    if not shown:
        return Text("waiting for the first flag", "dim")
    return Text(f"{shown[0]['card_id']}: " + " ".join(told(shown[0]["reasons"])), "dim")
