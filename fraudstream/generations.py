"""What a nightly run and a generation are said to be: lines for people, facts for programs."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from batch.nightly import run
from batch.nightly.run import Outcome
from schemas.churn import Meta, to_text

if TYPE_CHECKING:
    from datetime import timedelta

HOUR_S, DAY_S = 3_600, 86_400
MINUTE_S: Final = 60
MEGA: Final = 1e6


def span(age: "timedelta") -> str:
    seconds = max(int(age.total_seconds()), 0)
    for unit, name in ((2 * DAY_S, "d"), (2 * HOUR_S, "h"), (2 * MINUTE_S, "m")):
        if seconds >= unit:
            return f"{seconds // (unit // 2)}{name}"
    return f"{seconds}s"


def lines(outcome: Outcome) -> Iterator[str]:
    meta, previous = outcome.meta, outcome.previous
    for gate in outcome.gates:
        yield f"gate {gate}"
    if previous is not None and previous.generation != meta.generation:
        yield f"live      {previous.generation}: {previous.rows:,} customers, mean {to_text(previous.mean)}"
    yield f"this      {meta.generation}: {meta.rows:,} customers, mean {to_text(meta.mean)}, digest {meta.digest[:12]}"
    if outcome.rejected:
        counted = ", ".join(f"{reason} {count:,}" for reason, count in sorted(outcome.rejected.items()))
        yield f"left out  {counted}; see {outcome.rejects}"
        for each in outcome.first:
            who = f" {each.id!r}" if each.id else ""
            yield f"          {each.file} row {each.row}{who}: {each.reason} {each.detail}"
    if outcome.status == run.DRY:
        refused = [gate.name for gate in outcome.gates if not (gate.passed or gate.overridden)]
        would = f"refused by {', '.join(refused)}" if refused else "it would go live"
        yield f"nothing was written: this was a dry run; {would}"
        return
    if outcome.status == run.UNCHANGED and outcome.is_live:
        yield f"{meta.generation} is live already: the same day, customers and model; nothing was done"
        return
    if outcome.status == run.UNCHANGED:
        yield f"{meta.generation} was published before and something else is live since; nothing was done"
        yield f'to have it back: fraudstream nightly rollback {meta.generation} --why "…"'
        return
    live = outcome.live
    assert live is not None  # noqa: S101 - published
    took = ", ".join(f"{what} {seconds:.1f} s" for what, seconds in outcome.seconds.items())
    yield f"{meta.generation} is live: fence {live.fence}, replaced {live.replaced or 'none'}"
    yield f"wrote     {live.buckets:,} buckets, {live.bytes_sent / MEGA:.1f} MB of commands ({took})"
    yield f"archive   {outcome.archived or 'none: archive.url is not set, past decisions cannot be computed anew'}"


def facts(outcome: Outcome) -> dict[str, object]:
    previous = outcome.previous
    return {
        "status": outcome.status,
        "is_live": outcome.is_live,
        **known(outcome.meta),
        "fence": outcome.fence,
        "previous": None if previous is None else known(previous),
        "read": outcome.counted.read,
        "rejected": outcome.rejected,
        "rejects": str(outcome.rejects) if outcome.rejected else None,
        "gates": [asdict(gate) for gate in outcome.gates],
        "buckets": outcome.live.buckets if outcome.live else None,
        "archived": outcome.archived,
        "seconds": {what: round(seconds, 3) for what, seconds in outcome.seconds.items()},
    }


def known(meta: Meta) -> dict[str, object]:
    return {
        "generation": meta.generation,
        "as_of": meta.as_of.isoformat(),
        "published_at": meta.published_at.isoformat(),
        "rows": meta.rows,
        "mean": to_text(meta.mean),
        "rule": meta.rule.name,
        "digest": meta.digest,
        "model": meta.model,
        "model_digest": meta.model_digest,
    }


def event(each: dict[str, str]) -> str:
    """An entry of the log."""
    rest = [f"fence {each.get('fence', '?')}"]
    rest += [f"{int(each['rows']):,} customers by {each.get('model', '?')}"] if "rows" in each else []
    rest += [f"{name} {each[name]}" for name in ("replaced", "by") if each.get(name)]
    why = f" ({each['why']})" if each.get("why") else ""
    return f"{each.get('at', '?')}  {each.get('event', '?'):<11} {each.get('generation')}  {', '.join(rest)}{why}"
