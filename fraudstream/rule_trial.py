"""Rules tried out: on their own examples, and on transactions of a file. What was found is said line by line."""

import json as as_json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import pyarrow as pa

from fraudstream.commands.progress import to_stderr
from models.features import Places, row_features
from models.policies.list_shelf import ListShelf
from models.rule_examples import Tried, tried
from models.rules import RULES, Limits, Rule, Snoozes, Status, statuses
from producer.accept import accepted
from producer.files import format_of, opened
from producer.rejects import Rejects
from producer.rows import rows_of
from schemas.errors import Misconfigured, Usage
from schemas.lot import Checks
from schemas.lot.buffers import numbers
from schemas.settings import Settings

Say = Callable[[str], None]


def try_examples(say: Say, *, json: bool, rules: Sequence[Rule] = RULES) -> None:
    """Raises Misconfigured naming the rules that do not do what their examples say."""
    found = list(tried(rules))
    for each in found:
        say(as_json.dumps(_facts(each)) if json else _line(each))
    wrong = dict.fromkeys(each.rule.code for each in found if not each.as_expected)
    if wrong:
        raise Misconfigured(
            f"{', '.join(wrong)}: not what the examples say", fix="correct the rule, or its HITS and MISSES"
        )


def try_file(path: str, settings: Settings, say: Say, *, json: bool) -> None:
    """Each row and each rule; the counts last. Raises Usage where a row could not be read."""
    snoozes = ListShelf(settings.models.root.expanduser()).lists().snoozes
    counts = {rule.code: Counter[str]() for rule in RULES}
    rejects = Rejects(to_stderr)
    for rows in _lots(path, rejects):
        for event, by_rule in _told(rows, settings, snoozes):
            for code, status in by_rule.items():
                counts[code][status] += 1
            say(as_json.dumps({"event_id": event, "statuses": by_rule}) if json else _row(event, by_rule))
    totals = {code: {status.symbol: count[status.symbol] for status in Status} for code, count in counts.items()}
    if json:
        say(as_json.dumps({"counts": totals}))
    for code, count in {} if json else totals.items():
        say(f"{code:<16} " + "  ".join(f"{name} {number:,}" for name, number in count.items()))
    if rejects.total:
        raise Usage(f"{rejects.total:,} rows of {path} could not be read", fix="correct them; the others were tried")


def fields(example: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value}" for name, value in example.items())


def _lots(path: str, rejects: Rejects) -> Iterator[pa.RecordBatch]:
    style = format_of(path, None)
    with opened(path) as stream:
        yield from accepted(rows_of(stream, style, rejects.say), style, rejects, Checks())
    rejects.finish()


def _told(rows: pa.RecordBatch, settings: Settings, snoozes: Snoozes) -> Iterator[tuple[str, dict[str, str]]]:
    rules = settings.rules
    places = Places(settings.policy.timezone, rules.home_countries, rules.risky_categories)
    limits = Limits(rules.amount_high_minor, rules.amount_extreme_minor)
    found = statuses(row_features(rows, places), limits, snoozes, numbers(rows["event_time"]))
    for event, row in zip(rows["event_id"].to_pylist(), found.tolist(), strict=True):
        yield event, {rule.code: Status(each).symbol for rule, each in zip(RULES, row, strict=True)}


def _row(event: str, by_rule: dict[str, str]) -> str:
    told = [f"{code} {status}" for code, status in by_rule.items() if status != Status.NO_HIT.symbol]
    return f"{event:<24} {', '.join(told) or '-'}"


def _facts(each: Tried) -> dict[str, object]:
    return {
        "rule": each.rule.code,
        "example": dict(each.example),
        "expected": each.expected.symbol,
        "found": each.found.symbol,
    }


def _line(each: Tried) -> str:
    verdict = "ok    " if each.as_expected else "WRONG "
    said = f"{verdict} {each.rule.code:<16} {each.found.symbol:<7} expected {each.expected.symbol:<7}"
    return f"{said} {fields(each.example)}"
