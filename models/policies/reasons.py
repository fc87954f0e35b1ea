"""Why a flag is one, in stable codes: at least two and at most four, the strongest first.

What a list says comes first, then what the model or the rules say. Where that is one code alone, facts join it that did
not count: rules that would have hit were they awake, and how the one came about.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from models.policies.kinds import BIT, BLOCKING, KINDS
from models.reasons.codes import SENTENCES as OF_MODELS_AND_RULES
from models.rules import BY_MARGIN, ERROR, RULES, SNOOZED, Statuses

MOST: Final = 4
FEWEST: Final = 2
BY_HAND: Final = "by_hand"
RULE_ERROR: Final = "rule_error"
OF_LISTS: Final = {kind.reason: kind.sentence for kind in KINDS if kind.reason}
SENTENCES: Final = {
    **OF_MODELS_AND_RULES,
    **OF_LISTS,
    BY_HAND: "Somebody wants it blocked, whatever its score.",
    RULE_ERROR: "A rule could not be evaluated; the others were enough.",
}
"""Of every code that a decision can have, whoever gave it."""


def told(codes: Iterable[str]) -> list[str]:
    """A sentence each. A code of a later release, which has none here, stands for itself."""
    return [SENTENCES.get(code, code) for code in codes]


def joined(codes: Sequence[str], statuses: Statuses, listed: int) -> list[str]:
    """Of one flag; `codes` are those of its model and rules, `statuses` those of its rules, `listed` its lists."""
    blocking = int(listed) & int(BLOCKING)
    found = [kind.reason for kind in KINDS if blocking & BIT[kind.name]] + list(codes)
    if len(found) < FEWEST:
        found += [RULES[place].code for place in BY_MARGIN if statuses[place] == SNOOZED]
        found += [BY_HAND] if blocking else []
        found += [RULE_ERROR] if (statuses == ERROR).any() else []
        return found[:FEWEST]
    return found[:MOST]
