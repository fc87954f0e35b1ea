"""Which snapshots of a partition are kept: the newest ones, and of each day the newest.

Days are those of the log, and so is "now": the newest snapshot's. Snapshots of another origin (a topic made again,
other settings) are kept by the same rule, as one may go back to them, until the newest of them is too old for its day.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

import structlog

from consumer.metrics import SNAPSHOTS_PRUNED
from consumer.snapshots.file import check, read_header
from consumer.snapshots.names import Name
from consumer.snapshots.reasons import Ignored
from consumer.snapshots.store import Store

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Keep:
    last: int = 3
    days: int = 7


@dataclass(frozen=True, slots=True)
class Plan:
    """`doomed` may go once one of `guards` is known to be whole."""

    doomed: tuple[Name, ...]
    guards: tuple[Name, ...]


def plans(names: Iterable[Name], keep: Keep) -> Iterator[Plan]:
    """Of one partition; at most one for each origin."""
    by_mark = [list(group) for _, group in groupby(sorted(names, key=_order), key=lambda name: name.mark)]
    if not by_mark:
        return
    newest = max(by_mark, key=lambda mine: mine[0].log_ms)
    today = newest[0].day
    for mine in by_mark:
        kept = _kept(mine, today, keep) if mine is newest or mine[0].day > today - keep.days else []
        doomed = tuple(name for name in mine if name not in kept)
        if doomed:
            yield Plan(doomed, tuple(kept or _kept(newest, today, keep)))


def _order(name: Name) -> tuple[str, int, int]:
    return name.mark, -name.offset, -name.log_ms


def _kept(names: list[Name], today: int, keep: Keep) -> list[Name]:
    """Of names of one origin, the newest first."""
    daily = {name.day: name for name in reversed(names) if name.day > today - keep.days}
    return [name for place, name in enumerate(names) if place < keep.last or name in daily.values()]


def prune(store: Store, partition: int, keep: Keep, *, sure: Name | None = None, dry: bool = False) -> list[Name]:
    """Removes what is not kept, and says what that was; nothing while nothing that is kept is whole.

    `sure` was written just now. What cannot be removed stays until the next time.
    """
    gone = []
    for plan in plans((stored.name for stored in store.snapshots(partition)), keep):
        if sure not in plan.guards and not any(whole(store, name) for name in plan.guards):
            log.warning("snapshots.none_whole", partition=partition, kept=[str(name) for name in plan.guards])
            continue
        gone += [name for name in plan.doomed if dry or _removed(store, name)]
    return gone


def whole(store: Store, name: Name) -> bool:
    """Reads all of it."""
    try:
        with store.open(name) as (source, size):
            check(source, read_header(source, size))
    except (Ignored, OSError):
        return False
    return True


def _removed(store: Store, name: Name) -> bool:
    try:
        store.remove(name)
    except FileNotFoundError:
        return False
    except OSError as error:
        log.warning("snapshot.not_removed", snapshot=str(name), error=str(error))
        return False
    SNAPSHOTS_PRUNED.inc()
    return True
