"""The figures as tables on a terminal: workers, partitions, stages, and below them what else there is to know."""

from collections.abc import Callable
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from fraudstream.top.figures import Figures, Partition, State, Worker
from fraudstream.top.words import NOTHING, duration, headline, notes, number

STYLES: Final = {State.READY: "green", State.STARTING: "cyan", State.HUNG: "bold red", State.AWAY: "bold red"}
TROUBLES: Final = ("standstill", "stopped", "degraded", State.AWAY, State.HUNG)
WORDS: Final = frozenset({"worker", "at", "state", "stage"})
FIGURE: Final = 5
WIDE: Final = 110
WHERE_THERE_IS_ROOM: Final = frozenset({"at", "parts", "p50"})


WORKER: Final[dict[str, Callable[[Worker], RenderableType]]] = {
    "worker": lambda each: each.identity or each.node,
    "at": lambda each: _near(each.node),
    "pid": lambda each: str(each.pid or NOTHING),
    "state": lambda each: Text(each.state, STYLES[each.state]),
    "turned": lambda each: duration(each.turn_age_s),
    "parts": lambda each: number(each.partitions),
    "lag": lambda each: number(each.lag_records),
    "waits": lambda each: duration(each.lag_s),
    "dec/s": lambda each: number(each.decisions_per_s),
    "p50": lambda each: duration(each.age.p50),
    "p99": lambda each: duration(each.age.p99),
}


def picture(found: Figures, console: Console) -> RenderableType:
    """What is most telling fits: where there are too many partitions, those that are furthest behind."""
    head: list[RenderableType] = [
        Panel(Text(headline(found)), title="fraudstream", title_align="left"),
        _workers(found, console.width),
    ]
    below: list[RenderableType] = [_stages(found), *(Text(line, _style(line)) for line in notes(found))]
    used = sum(len(console.render_lines(part)) for part in (*head, *below, _partitions([], 1)))
    shown = _furthest(found, max(console.height - used, 1))
    return Group(*head, _partitions(shown, len(found.partitions) - len(shown)), *below)


def _style(line: str) -> str:
    return "bold red" if line.startswith(TROUBLES) else "dim"


def _furthest(found: Figures, most: int) -> list[Partition]:
    if len(found.partitions) <= most:
        return [*found.partitions]
    furthest = sorted(found.partitions, key=lambda each: (each.lag_s or 0.0, each.lag_records), reverse=True)[:most]
    return sorted(furthest, key=lambda each: each.partition)


def _workers(found: Figures, width: int) -> Table:
    """On a narrow terminal less is said of each."""
    columns = [name for name in WORKER if width >= WIDE or name not in WHERE_THERE_IS_ROOM]
    table = _table(*columns)
    for each in found.workers:
        table.add_row(*(WORKER[name](each) for name in columns))
    return table


def _near(node: str) -> str:
    """Here, the port says it all."""
    return node.removeprefix("127.0.0.1")


def _partitions(shown: list[Partition], left_out: int) -> Table:
    table = _table("partition", "worker", "lag", "waits", "snapshot")
    for each in shown:
        age = duration(each.snapshot_age_s)
        table.add_row(str(each.partition), _near(each.worker), number(each.lag_records), duration(each.lag_s), age)
    if left_out:
        table.add_row("…", f"{left_out} more, less behind")
    return table


def _stages(found: Figures) -> Table:
    table = _table("stage", "p50", "p99")
    for stage, each in found.stages.items():
        table.add_row(stage, duration(each.p50), duration(each.p99))
    table.add_row("record to commit", duration(found.age.p50), duration(found.age.p99))
    return table


def _table(*columns: str) -> Table:
    """On a narrow terminal, who and in what state is cut before any figure is."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for name in columns:
        if name in WORDS:
            table.add_column(name, no_wrap=True, overflow="ellipsis")
        else:
            table.add_column(name, justify="right", no_wrap=True, min_width=FIGURE)
    return table
