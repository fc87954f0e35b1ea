"""What another model or policy would have decided, beside what was decided: facts for programs, sheets for people."""

from dataclasses import asdict
from typing import Any

from consumer.replaying.trial import Comparison, Side
from fraudstream.replaying.sheets import Sheet


def facts(found: Comparison, model: str, policy: str) -> dict[str, Any]:
    said = asdict(found) | {"model": model, "policy": policy}
    said["moved"] = [{"before": one, "after": other, "rows": rows} for (one, other), rows in found.moved.items()]
    return said


def sheets(found: Comparison, model: str, policy: str, topic: str) -> list[Sheet]:
    before, after = found.before, found.after
    rows = [
        (name, *cells, _signed(later - earlier))
        for name, earlier, later in _figures(before, after)
        for cells in [(f"{earlier:,.0f}", f"{later:,.0f}")]
    ]
    said = f"{found.rows:,} transactions, {found.judged:,} with a verdict, {found.frauds:,} of them fraud"
    cold = f"; {found.cold:,} have windows that reach before what was folded" if found.cold else ""
    if found.unkept:
        cold += f"; {found.unkept:,} are of churn generations that archive.url does not keep: nobody was spared there"
    moved = [(one, other, f"{rows:,}") for (one, other), rows in sorted(found.moved.items()) if one != other]
    changes = [
        (f"{topic}/{each.partition}/{each.offset}", each.before, each.after, f"{each.score:.3f}")
        for each in found.changes
    ]
    numbers = frozenset({1, 2, 3})
    return [
        Sheet(f"{model} under {policy}", rows, ("", "published", "with it", "difference"), said + cold, numbers),
        *(
            [Sheet("outcomes that change", moved, ("published", "with it", "rows"), right=frozenset({2}))]
            if moved
            else []
        ),
        *([Sheet("the first that change", changes, ("record", "published", "with it", "score"))] if changes else []),
        Sheet("", [], note=verdict(found)),
    ]


def verdict(found: Comparison) -> str:
    changed = sum(rows for (one, other), rows in found.moved.items() if one != other)
    if not changed:
        return "no outcome changes"
    difference = found.after.cost_minor - found.before.cost_minor
    return f"{changed:,} outcomes change; the cost changes by {_signed(difference)} minor units of what is known"


def _figures(before: Side, after: Side) -> list[tuple[str, float, float]]:
    names = {
        "approved": "approved",
        "reviewed": "reviewed",
        "blocked": "blocked",
        "caught": "frauds caught",
        "missed": "frauds missed",
        "false_alarms": "false alarms",
        "wrong_blocks": "of them blocked",
        "lost_minor": "lost, minor units",
        "cost_minor": "cost, minor units",
    }
    return [(said, getattr(before, name), getattr(after, name)) for name, said in names.items()]


def _signed(number: float) -> str:
    return f"{number:+,.0f}" if number else "0"
