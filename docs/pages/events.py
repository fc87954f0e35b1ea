"""Every event that scorer and door log: where it is said, its fields, what it means. Found in the source, so none is
left out.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pages import markdown
from pages.markdown import code, table

ROOT: Final = Path(__file__).parents[2]
ROOMS: Final = (ROOT / "consumer", ROOT / "serving")
NAME: Final = re.compile(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*")
LEVELS: Final = ("debug", "info", "warning", "error", "critical", "exception")
NOTICES: Final = "Notices"
NOTICE_FIELDS: Final = ("kind", "records")

INTRODUCTION: Final = """\
# Events

What the scorer and the HTTP door log: one line per event, JSON unless stderr is a terminal
([log.format](settings.md#logformat)), with `event`, `level`, `timestamp`, the fields below, and `worker` where a worker
says it. Nothing is said of a single record; what happens often is said at most once a minute, with how often it was.
"""
EVENTS: Final[Mapping[str, str]] = {
    "broker.away": "The broker does not answer at the start; the worker waits for it.",
    "checkpoint.failed": "A transaction failed. The producer is replaced and the broker asked whether the lot is in; "
    "if not, the same records are published again. At least once, offsets of `partitions` were not committed: that is "
    "tried again, or they are answered again by who has them next. Now and then is no trouble.",
    "checkpoint.waiting": "The broker cannot start or end transactions at the moment; the worker waits for it.",
    "churn.generation": "Another generation of churn scores is in use from the next lot on: copied, found on this "
    "host, kept from before, or asked for lot by lot.",
    "churn.no_copy": "The live generation was published by an older release, without chunks to copy: its customers are "
    "asked for lot by lot.",
    "churn.recovered": "What churn.unavailable had said is over.",
    "churn.unavailable": "Churn scores, or another generation of them, cannot be read; `still` is what goes on to be "
    "used. See [churn in decisions](churn-in-decisions.md#when-something-is-wrong).",
    "client.trouble": "A Kafka client reports an error of its own, such as a broker it cannot reach; said once in ten "
    "seconds for each kind.",
    "decider.live": "What decides from the start of this worker on, and why: it was promoted, it was chosen, or "
    "nothing was promoted and the rules decide.",
    "decider.loaded": "What became live in the registry was believed, and is ready for the next lot.",
    "decider.switched": "From this lot on something else decides; an epoch begins.",
    "drift.found": "The last whole day was unusual in these features; those that only follow from them are told apart.",
    "fail_points.armed": "The variable that a test holds workers with is set: this is no worker for production.",
    "health.listening": "Health and metrics answer on this port.",
    "labels.catching_up": "A worker that starts reads the verdicts of the past; said every five seconds.",
    "labels.caught_up": "It has them all, and begins to score.",
    "labels.complete": "Lots are scored again with all labels that they should see.",
    "labels.late": "Labels could be read only when decisions that should have known them were made: see "
    "[labels.grace](settings.md#labelsgrace).",
    "labels.not_caught_up": "No label came for a while; scoring begins without the rest, and is marked as stalled.",
    "labels.offsets_not_in_log": "The label topic no longer has what a snapshot was made up to; it is read from "
    "further back.",
    "labels.partitions_added": "The label topic has new partitions, which are read from their beginning.",
    "labels.reading": "The label topic is read from these offsets on.",
    "labels.refused": "Records of the label topic cannot be used, for this reason.",
    "labels.registry_away": "The schema registry does not answer, and labels have a schema that is not known yet; they "
    "are waited for, and lots stall meanwhile.",
    "labels.stalled": "Lots are scored of which labels may be missing; their epochs say so.",
    "order.heard": "An operator's order came while the worker runs; it holds from the next lot on.",
    "order.ignored": "A record of the orders topic is no order that this release knows; it changes nothing.",
    "order.too_late": "A record was to be skipped and had been decided; the decision stays. Pause the partition first: "
    "see [operating](operating.md).",
    "orders.error": "Reading the orders fails for now; the orders that were heard go on to hold.",
    "orders.none": "There is no orders topic, or this user may not read it: the worker runs without orders.",
    "orders.not_read": "The orders cannot be read to their end yet; a worker that starts waits for them, outside of "
    "its group.",
    "model.failed": "The model failed on the rows of a request, which was answered with 500; the error's words are "
    "left out, for they may quote rows.",
    "model.not_switched": "What an alias names now cannot be used, or the registry cannot be read; the model before "
    "goes on answering, and it is tried again.",
    "model.switched": "Requests are answered by another version from here on.",
    "lane.failed": "What requests are answered with, `what`, could not be made ready, or not closed; while it is not "
    "ready, /health/ready says so.",
    "request.late": "What a request was to be answered with did not come in time; it was answered with 503 or 504.",
    "request.unanswered": "What a request needs is away, and why; it was answered with 503.",
    "request.failed": "A request was answered with 500: what kind of error, and the line where it was raised.",
    "orders.standing": "The orders that hold when the worker begins.",
    "outputs.not_seen": "It cannot be asked where readers of the output topics stand; the metric "
    "`fraudstream_output_standstill_seconds` is absent until it can.",
    "partition.goes_on": "A partition that was paused, or stopped for its dead letters, is scored again.",
    "partition.paused": "A partition stands still because an operator ordered it.",
    "partition.stopped": "A partition stands still because too many of its records were refused: see "
    "[operating](operating.md).",
    "records.marked": "Scored records carry this mark: see [marks](topics.md#marks).",
    "records.refused": "Records went to the dead letters for this reason: see [dead letters](dead-letters.md#reasons).",
    "registry.out_of_reach": "This user may not look into the default folder of the registry; the rules decide, "
    "without lists.",
    "reload.failed": "What became live cannot be used, or the registry cannot be read; what decided before goes on. "
    "See [live](models.md#live).",
    "slot.died": "A worker died, and why; its slot is started again after so many seconds.",
    "slot.ended": "A worker ended for good, and why; the whole node stops with its exit code.",
    "slot.in_use": "Two processes have the same identity and fence each other: give each node its own "
    "[score.node](settings.md#scorenode).",
    "slot.started": "A worker was started in this slot.",
    "snapshot.failed": "A snapshot could not be written; scoring goes on, older ones stay.",
    "snapshot.ignored": "A snapshot is not restored from, for this reason: see [snapshots](snapshots.md).",
    "snapshot.not_removed": "An old snapshot could not be removed; it is tried again with the next one.",
    "snapshot.written": "A partition's state was written.",
    "snapshots.away": "The place of snapshots does not answer; it is asked again.",
    "snapshots.none_whole": "None of the snapshots that would be kept is whole, so older ones are kept too.",
    "snapshots.not_pruned": "Old snapshots could not be looked through; it is tried again with the next one.",
    "snapshots.unfinished": "The worker ended before these partitions' snapshots were written.",
    "source.assigned": "The worker has these partitions, and goes on at these offsets.",
    "source.error": "The input reports an error that passes by itself.",
    "source.revoked": "These partitions were given to another worker.",
    "snapshots.too_slow": "The store of snapshots did not answer for minutes; the partition's log is folded instead.",
    "source.log_was_cut": "A broker lost records that are remembered, and wrote others: it is restored from before.",
    "source.starts_not_recorded": "Where a new group begins could not be written down; nothing is scored until it is.",
    "state.restored": "What is remembered of a partition's cards is there, from memory, a snapshot or the log; what is "
    "missing since is read again before anything is answered.",
    "supervisor.stopping": "All workers are asked to finish their lot and end; at_once: they are ended.",
    "worker.drained": "The worker waits, without partitions, until an order takes it back.",
    "worker.ended": "The worker has finished what it had begun.",
    "worker.ending": "The worker was asked to end, or has handled as many records as it should.",
    "worker.left_unfinished": "The worker was asked to end and its last lot could not be committed in time; its "
    "successor scores it.",
    "worker.registry_away": "The schema registry does not answer, and records of these partitions have a schema that "
    "is not known yet; they wait where they are and it is asked again, after 5 seconds at most. Others are scored.",
}


@dataclass(frozen=True, slots=True)
class Said:
    """One place of the source where an event is logged; `levels` are several where the case decides."""

    name: str
    levels: tuple[str, ...]
    fields: tuple[str, ...]


def page() -> str:
    by_name: dict[str, list[Said]] = {}
    for each in said():
        by_name.setdefault(each.name, []).append(each)
    rows = (_row(name, by_name[name]) for name in sorted(by_name))
    return markdown.page(INTRODUCTION, table(("event", "level", "fields", "meaning"), rows))


def said(rooms: Sequence[Path] = ROOMS) -> list[Said]:
    """In the order of files and lines."""
    trees = [ast.parse(path.read_text("utf-8")) for room in rooms for path in sorted(room.rglob("*.py"))]
    return [each for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call) for each in _said(node)]


def _row(name: str, places: list[Said]) -> tuple[str, ...]:
    levels = dict.fromkeys(level for each in places for level in each.levels)
    fields = dict.fromkeys(field for each in places for field in each.fields)
    return code(name), ", ".join(levels), ", ".join(map(code, fields)), EVENTS[name]


def _said(call: ast.Call) -> Iterator[Said]:
    """A call whose first argument is a text like an event's name: nothing else in this room looks so."""
    if not call.args:
        return
    names = [each.value for each in ast.walk(call.args[0]) if isinstance(each, ast.Constant)]
    for name in names:
        if isinstance(name, str) and NAME.fullmatch(name) and (levels := _levels(call.func)):
            fields = (
                NOTICE_FIELDS
                if _called(call.func) == NOTICES
                else tuple(each.arg for each in call.keywords if each.arg)
            )
            yield Said(name, levels, fields)


def _levels(function: ast.expr) -> tuple[str, ...]:
    """Those of a logger's method; of Notices, which only warns; of a name for one of two methods, either."""
    called = _called(function)
    if called in LEVELS:
        return (called,)
    return {NOTICES: ("warning",), "said": ("warning", "info")}.get(called, ())


def _called(function: ast.expr) -> str:
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )
