"""What a replay came to: facts for programs, sheets for people."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from consumer.replaying.account import Account
from consumer.replaying.difference import Kind
from consumer.replaying.epochs import Epoch
from fraudstream.replaying.sheets import Sheet
from fraudstream.replaying.words import told

OFFSETS: Final = frozenset({0, 1, 2})
COUNTS: Final = frozenset({0, 1})
KINDS: Final = {
    Kind.FIELD: "decisions that differ",
    Kind.MISSING: "flags that are missing",
    Kind.UNASKED: "answers to no record that can be scored",
    Kind.DOUBLED: "answers that came twice",
    Kind.UNREADABLE: "records that are no answer",
}


def facts(account: Account) -> dict[str, Any]:
    return {
        "equal": account.equal,
        "stretches": [asdict(each) for each in account.stretches],
        "rows": account.rows,
        "flags": account.flags,
        "answers": dict(account.answers),
        "kinds": dict(account.kinds),
        "fields": dict(account.fields),
        "differences": [asdict(each) for each in account.differences],
        "unkept": dict(account.unkept),
        "cold": account.cold,
        "cold_differing": account.cold_differing,
        "refused": account.refused,
        "undecided": account.undecided,
        "other_version": account.other_version,
        "again": account.again,
        "out_of_order": account.out_of_order,
        "epochs": [_epoch(each) | {"rows": account.epoch_rows[key]} for key, each in account.epochs.items()],
        "state": [asdict(each) for each in account.starts],
        "notes": account.notes,
    }


def sheets(account: Account, topic: str) -> list[Sheet]:
    """`topic` is that of the input. Ends with the verdict."""
    return [
        Sheet(f"{topic}, computed anew", _ground(account), ("partition", "from", "to", "state from"), right=OFFSETS),
        Sheet("compared", _compared(account)),
        Sheet(
            "decided by", _deciders(account), ("transactions", "epochs", "model", "policy", "degraded"), right=COUNTS
        ),
        *_differences(account, topic),
        Sheet("", [], note=verdict(account)),
    ]


def verdict(account: Account) -> str:
    if account.equal and not account.rows:
        return "nothing could be compared"
    if account.equal:
        return f"equal: {account.rows:,} transactions, {sum(account.answers.values()):,} published decisions"
    return f"differs: {', '.join(f'{count:,} {KINDS[Kind(kind)]}' for kind, count in sorted(account.kinds.items()))}"


def _ground(account: Account) -> list[tuple[str, ...]]:
    states = {each.partition: each.snapshot or f"the log, from {each.fold_from:,}" for each in account.starts}
    return [
        (str(each.partition), f"{each.start:,}", f"{each.end:,}", states.get(each.partition, "-"))
        for each in account.stretches
    ]


def _compared(account: Account) -> list[tuple[str, str]]:
    published = ", ".join(f"{count:,} on {name}" for name, count in sorted(account.answers.items()))
    return [
        ("transactions", f"{account.rows:,}, of which {account.flags:,} are flags by the logs"),
        ("published", published or "nothing"),
        *[(name, said) for name, said in _outside(account).items() if said],
        *[("note", each) for each in account.notes],
    ]


def _outside(account: Account) -> Mapping[str, str]:
    """What nothing is promised of, or what was not decided at all."""
    cold, differing = account.cold, account.cold_differing
    return {
        "cold": f"{cold:,} whose windows reach before what was folded; {differing:,} of them differ" if cold else "",
        "churn": f"{unkept:,} of generations that are not in archive.url: what decisions say of churn was believed"
        if (unkept := sum(account.unkept.values()))
        else "",
        "not scored": f"{account.refused:,} records that cannot be, for the dead letters" if account.refused else "",
        "undecided": f"{account.undecided:,} before the first epoch" if account.undecided else "",
        "other release": f"{account.other_version:,} decided with other features" if account.other_version else "",
        "again": f"{account.again:,} second answers, where the group was moved back" if account.again else "",
        "out of order": f"{account.out_of_order:,} scores, not compared" if account.out_of_order else "",
    }


def _deciders(account: Account) -> list[tuple[str, ...]]:
    """Epochs that say the same are told together."""
    rows, epochs = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    for key, each in sorted(account.epochs.items()):
        model = f"{each.model.name}/{each.model.version} {each.model.digest}"
        said = (model, each.policy, ", ".join(each.degraded) or "-")
        rows[said] += account.epoch_rows[key]
        epochs[said] += 1
    return [(f"{count:,}", f"{epochs[said]:,}", *said) for said, count in rows.most_common()]


def _differences(account: Account, topic: str) -> list[Sheet]:
    if account.equal:
        return []
    fields = [(name, f"{count:,}") for name, count in account.fields.most_common()]
    said = [(told(each, topic),) for each in account.differences]
    by_field = [Sheet("differences by field", fields, right=frozenset({1}))] if fields else []
    return [*by_field, Sheet("the first differences", said)]


def _epoch(epoch: Epoch) -> dict[str, Any]:
    return asdict(epoch)
