"""A decision taken apart: facts for programs, sheets for people."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from consumer.replaying.contributions import Contribution, contributions
from consumer.replaying.explanation import Explanation, Found
from fraudstream.decision import amount, moment
from fraudstream.replaying.sheets import Sheet
from fraudstream.replaying.words import value
from models.feature_list import FEATURES
from models.minds import ModelMind
from models.policies.kinds import BIT, KINDS
from models.policies.reasons import told
from models.rules import RULES, Status

NOT_RECORDED: Final = "not recorded: nothing was published for it"
CHECKS: Final = {"recorded": "score and outcome from the recorded features", "rebuilt": "all of it, from the logs"}


def facts(found: Explanation, topic: str) -> dict[str, Any]:
    fields, basis = found.fields, found.basis
    return {
        "equal": found.equal,
        "event_id": fields["event_id"],
        "record": f"{topic}/{found.stretch.partition}/{found.stretch.start}",
        "published": [each.place for each in found.answers],
        "decision": {name: each for name, each in fields.items() if name != "features"},
        "features": {
            each.name: {"value": one, "meaning": each.meaning}
            for each, one in zip(FEATURES, fields["features"], strict=False)
        },
        "contributions": [asdict(each) for each in _contributions(found)],
        "rules": {
            rule.code: Status(int(one)).symbol for rule, one in zip(RULES, basis.decided.statuses[0], strict=True)
        },
        "lists": _lists(found),
        "thresholds": asdict(found.decider.thresholds),
        "sparing": None if found.decider.sparing is None else asdict(found.decider.sparing),
        "churn_kept": not found.unkept,
        "limits": asdict(found.decider.limits),
        "epoch": asdict(found.epoch),
        "cold": found.cold,
        "state": None if found.start is None else asdict(found.start),
        "missing": found.missing,
        "checks": {
            "recorded": _as_facts(found.recorded),
            "rebuilt": _as_facts(found.rebuilt),
            "why_not": found.why_not,
        },
    }


def sheets(found: Explanation, topic: str) -> list[Sheet]:
    """What was decided, what it rests on, and whether it can be had again; ends with the verdict."""
    fields = found.fields
    features = [
        (each.name, _number(one), each.meaning) for each, one in zip(FEATURES, fields["features"], strict=False)
    ]
    parts = [(each.code, f"{each.margin:+.4f}", each.sentence) for each in _contributions(found)]
    total = f"They add up to the margin, {fields['raw_margin']!r}."
    return [
        Sheet(f"{fields['event_id']}: {fields['outcome']}, score {fields['score']!r}", _decision(found, topic)),
        Sheet("why", _why(fields["reasons"]) or [("-", "it was approved")]),
        Sheet("contributions", parts, ("code", "margin", "meaning"), total, frozenset({1})),
        Sheet("rules", _rules(found), ("rule", "", "meaning")),
        Sheet("features", features, ("feature", "value", "meaning"), right=frozenset({1})),
        Sheet("checks", _checks(found)),
        Sheet("", [], note=verdict(found)),
    ]


def verdict(found: Explanation) -> str:
    if found.missing:
        return "differs: it is a flag, and none was published"
    if not found.published:
        return "nothing was published for it, and the logs say so too: it is approved"
    if not found.equal:
        return "differs: the decision, or the logs that it follows from, are not what they were"
    if found.rebuilt is None:
        return f"equal, as far as its own features go: {found.why_not}"
    if found.cold and found.rebuilt:
        return "outside: its windows reach before what was folded, so the logs cannot say"
    return "equal: features, score and outcome come out of the logs again, to the last bit"


def _decision(found: Explanation, topic: str) -> list[tuple[str, str]]:
    fields, epoch = found.fields, found.epoch
    model, thresholds = epoch.model, found.decider.thresholds
    places = [each.place for each in found.answers]
    return [
        ("transaction", f"{topic}/{found.stretch.partition}/{found.stretch.start}, {moment(fields['event_time'])}"),
        ("paid", f"{amount(fields['amount_minor'], fields['currency'])} by card {fields['card_id']}"),
        ("at", f"terminal {fields['terminal_id']}, customer {fields['customer_id']}"),
        ("published", ", ".join(places) or "nothing, as for whatever is approved"),
        ("thresholds", f"review at {thresholds.review_at!r}, block at {thresholds.block_at!r}{_spared(found)}"),
        ("marks", ", ".join(fields["marks"]) or "none"),
        ("lists", ", ".join(_lists(found)) or "on none"),
        ("churn", _churn(fields)),
        ("model", f"{model.name}/{model.version}, digest {model.digest}"),
        ("policy", epoch.policy),
        ("epoch", f"{epoch.first_offset} by {epoch.worker}, release {epoch.app_version}"),
        ("degraded", ", ".join(epoch.degraded) or "nothing"),
    ]


def _why(codes: Sequence[str]) -> list[tuple[str, str]]:
    return list(zip(codes, told(codes), strict=True))


def _churn(fields: Mapping[str, Any]) -> str:
    churn = fields.get("churn")
    if churn is None:
        return NOT_RECORDED
    score = "no score" if churn["score"] is None else f"{churn['score']:.6f}"
    return f"{score}, {churn['status']}, generation {churn['generation'] or 'none'}"


def _spared(found: Explanation) -> str:
    """The threshold that held for this customer, where churn moves thresholds."""
    sparing, churn = found.decider.sparing, found.basis.churn
    if sparing is None or churn is None:
        return ""
    return f"; for this customer {float(sparing.block_at(found.decider.thresholds.block_at, churn)[0])!r}"


def _lists(found: Explanation) -> list[str]:
    listed = int(found.basis.decided.listed[0])
    return [kind.name for kind in KINDS if listed & BIT[kind.name]]


def _rules(found: Explanation) -> list[tuple[str, str, str]]:
    statuses = found.basis.decided.statuses[0]
    return [
        (rule.code, Status(int(one)).symbol.replace("_", " "), rule.sentence)
        for rule, one in zip(RULES, statuses, strict=True)
    ] + _limits(found)


def _limits(found: Explanation) -> list[tuple[str, str, str]]:
    said = ", ".join(f"{name} {number:,}" for name, number in asdict(found.decider.limits).items())
    adds = " Rules are reasons here; the margin is the model's." if isinstance(found.decider.mind, ModelMind) else ""
    return [("limits", "", f"{said}.{adds}")]


def _contributions(found: Explanation) -> list[Contribution]:
    decided = found.basis.decided
    return contributions(found.decider, decided.features, decided.hits)


def _checks(found: Explanation) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for name, differing in (("recorded", found.recorded), ("rebuilt", found.rebuilt)):
        if differing is None:
            rows.append(("not done", CHECKS[name], found.why_not or NOT_RECORDED))
        else:
            word = "equal" if not differing else "outside" if found.cold and name == "rebuilt" else "differs"
            rows.append((word, CHECKS[name], _from(found) if name == "rebuilt" else ""))
            rows += [
                ("", f"{field} is {value(one)}", f"it should be {value(other)}") for field, one, other in differing
            ]
    seen: set[str] = set()
    for each in found.answers:
        topic = each.place.rpartition("/")[0]
        if each.fields is None:
            rows.append(("differs", f"{each.place} is no answer", each.why))
        elif topic in seen:
            word = "outside" if found.again else "differs"
            rows.append((word, f"{each.place} answers it again", str(each.fields["outcome"])))
        seen.add(topic)
    return rows


def _from(found: Explanation) -> str:
    start = found.start
    if start is None:
        return ""
    state = start.snapshot or f"state folded from offset {start.fold_from:,} of the log"
    generation = found.epoch.churn_generation
    return f"{state}; generation {generation} is not kept: its churn is as told" if found.unkept else state


def _as_facts(differing: Found | None) -> list[dict[str, Any]] | None:
    if differing is None:
        return None
    return [{"field": name, "published": one, "recomputed": other} for name, one, other in differing]


def _number(of: float) -> str:
    if of != of:  # noqa: PLR0124 - not known
        return "-"
    return f"{of:,.0f}" if of == int(of) else repr(of)
