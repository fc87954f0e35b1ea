"""Why a flag is one, in stable codes: at least two and at most four, the strongest first.

What a list says comes first, then the rules that hit by their margin, equals in the order of RULES. Where that is one
code alone, facts join it that did not count: rules that would have hit were they awake, and how the one came about.
"""

from typing import Final

from models.policies.kinds import BIT, BLOCKING, KINDS
from models.policy import Outcome
from models.rules import RULES, Status, Statuses
from models.rules import SENTENCES as OF_RULES

MOST: Final = 4
FEWEST: Final = 2
BY_HAND: Final = "by_hand"
RULE_ERROR: Final = "rule_error"
OF_LISTS: Final = {kind.reason: kind.sentence for kind in KINDS if kind.reason}
SENTENCES: Final = {
    **OF_RULES,
    **OF_LISTS,
    BY_HAND: "Somebody wants it blocked, whatever its score.",
    RULE_ERROR: "A rule could not be evaluated; the others were enough.",
}
BY_MARGIN: Final = sorted(range(len(RULES)), key=lambda place: -RULES[place].margin)


def reasons(outcome: int, statuses: Statuses, listed: int) -> list[str]:
    """Of one row; `statuses` are those of its rules, `listed` the lists it is on."""
    if outcome == Outcome.APPROVE:
        return []
    blocking = int(listed) & int(BLOCKING)
    found = [kind.reason for kind in KINDS if blocking & BIT[kind.name]]
    found += _with(Status.HIT, statuses)
    if len(found) < FEWEST:
        found += _with(Status.SNOOZED, statuses)
        found += [BY_HAND] if blocking else []
        found += [RULE_ERROR] if (statuses == Status.ERROR).any() else []
        return found[:FEWEST]
    return found[:MOST]


def _with(status: Status, statuses: Statuses) -> list[str]:
    return [RULES[place].code for place in BY_MARGIN if statuses[place] == status]
