"""What other thresholds would have done to a real past."""

import pytest
from support.deployment import Deployment

from consumer.replaying.archive import Archive
from consumer.replaying.stretch import EARLIEST, END, stretches
from consumer.replaying.trial import Comparison, Trial
from models.bank import Bank
from models.decide import by_rules
from models.judging.thresholds import Costs
from models.policy import Policy
from schemas.topics import Role

COSTS = Costs(400.0, 3_000.0)


def tried(past: Deployment, review_at: float, block_at: float) -> Comparison:
    with Archive.of(past.settings) as archive:
        log = archive.transactions
        asked = list(stretches(log, EARLIEST, END, None, log.committed()))
        decider = by_rules(Bank.of(past.settings), Policy(review_at, block_at))
        return Trial(archive, decider, COSTS, rows=500, shown=5).run(asked)


def test_the_same_policy_changes_nothing(past: Deployment) -> None:
    """Each event counts once, though some came twice."""
    scores = past.read(Role.SCORES).decisions
    policy = past.settings.policy
    found = tried(past, policy.review_at, policy.block_at)
    assert found.before == found.after
    assert all(one == other for one, other in found.moved)
    assert found.changes == []
    assert found.rows == len({each["event_id"] for each in scores})
    assert 0 < found.frauds < found.judged < found.rows


def test_a_policy_that_blocks_less_is_priced(past: Deployment) -> None:
    """Nothing is blocked any more; what was blocked is reviewed, which costs a review each."""
    found = tried(past, 0.5, 1.0)
    assert (found.after.blocked, found.after.reviewed) == (0, found.before.blocked + found.before.reviewed)
    assert (found.after.caught, found.after.missed) == (found.before.caught, found.before.missed)
    assert found.moved["block", "review"] == found.before.blocked
    wrong = found.before.wrong_blocks * COSTS.wrong_block_minor
    assert found.after.cost_minor - found.before.cost_minor == found.before.blocked * COSTS.review_minor - wrong
    assert [(each.before, each.after) for each in found.changes] == [("block", "review")] * 5


def test_what_is_missed_is_lost(past: Deployment) -> None:
    """Amounts of frauds that nobody looks at, and alarms that are not raised."""
    found = tried(past, 1.0, 1.0)
    assert (found.after.caught, found.after.false_alarms) == (0, 0)
    assert found.after.lost_minor == pytest.approx(900_000 * found.frauds)
    assert found.after.cost_minor == found.after.lost_minor
