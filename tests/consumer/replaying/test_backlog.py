"""Flags that were kept off their topic, since they were too old to act on."""

from collections.abc import Callable
from dataclasses import replace

from support.deployment import Deployment
from support.past import publish, transactions

from consumer.replaying.account import Account
from consumer.replaying.archive import Archive
from consumer.replaying.card_history import Bounds, card_history
from consumer.replaying.explanation import Explanation
from consumer.replaying.outcomes import Answered, Status
from schemas.settings import Settings
from schemas.topics import Role

GIVEN = {"score_start": "earliest", "output_scores": "true", "output_max_decision_age": "1d"}


def test_they_are_looked_for_among_the_scores(
    deployment: Deployment, again: Callable[..., Account], explained: Callable[[Settings, str], Explanation]
) -> None:
    """None is missing on the topic of flags; an explanation knows that, too."""
    publish(deployment.settings, transactions(400))
    assert deployment.score("--max-messages", "400", **GIVEN) == 0
    assert deployment.read(Role.FLAGS).decisions == []
    scores = deployment.read(Role.SCORES)
    found = again(deployment.settings)
    assert (found.equal, found.cold_differing, found.flags > 0) == (True, 0, True)
    assert all("backlog" in each.degraded for each in found.epochs.values())
    _not_taken_for_approved(deployment)
    flagged = next(each for each in scores.decisions if each["outcome"] == "block")
    one = explained(deployment.settings, flagged["event_id"])
    assert (one.equal, one.missing, one.published) == (True, False, True)


def _not_taken_for_approved(deployment: Deployment) -> None:
    """Where only the flags are asked, the history of a card does not know."""
    with Archive.of(deployment.settings, snapshots=False) as archive:
        answered = Answered(archive.transactions.committed(), dict(archive.flags.ends))
        for logs, status in ((archive, Status.DECIDED), (replace(archive, scores=None), Status.UNKNOWN)):
            found = card_history(logs, answered, "card-7", None, Bounds(20, 1_000, 10.0))
            assert {each.became.status for each in found.transactions} == {status}
