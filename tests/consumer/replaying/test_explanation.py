"""Single decisions of a real past, taken apart."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.deployment import Deployment
from support.past import decided_again, recorded_again

from consumer.replaying.archive import Archive
from consumer.replaying.contributions import contributions
from consumer.replaying.explanation import Explainer, Explanation
from consumer.replaying.search import find
from models.bank import Bank
from models.decide import Decider, ModelRef, by_rules
from models.features import POSITION
from models.policy import Policy
from schemas.errors import Usage
from schemas.settings import Settings
from schemas.topics import Role

Explained = Callable[[Settings, str], Explanation]
Fields = dict[str, Any]


def victim(past: Deployment, role: Role = Role.FLAGS, outcome: str = "block") -> Fields:
    """One with a snapshot before it and nothing special about it."""
    found = past.read(role).decisions
    usual = [each for each in found if not each["marks"] and each["outcome"] == outcome]
    late = [each for each in usual if each["epoch"] and not each["degraded"][1:]]
    return late[len(late) // 2]


def without_scores(settings: Settings) -> Settings:
    return settings.model_copy(update={"topics": settings.topics.model_copy(update={"scores": "no-such-topic"})})


def test_a_flag_comes_out_again_from_its_features_and_from_the_logs(past: Deployment, explained: Explained) -> None:
    """Both checks are done, both are equal; margins of the parts add up to the margin."""
    decision = victim(past)
    found = explained(past.settings, decision["event_id"])
    assert found.equal
    assert (found.recorded, found.rebuilt, found.missing) == ([], [], False)
    assert found.start is not None
    assert found.start.snapshot is not None
    assert found.fields["features"] == pytest.approx(decision["features"], nan_ok=True, rel=0, abs=0)
    assert [each.place.rpartition("/")[0].rpartition("-")[0] for each in found.answers] == [
        "fraud-flags",
        "fraud-scores",
    ]
    parts = contributions(found.decider, found.basis.decided.features, found.basis.decided.hits)
    assert sum(each.margin for each in parts) == found.fields["raw_margin"]
    assert {each.code for each in parts} == {"base", *decision["rules"]}


def test_an_approval_is_explained_from_its_score(past: Deployment, explained: Explained) -> None:
    """Where all decisions are written, an approval is one like any other."""
    found = explained(past.settings, victim(past, Role.SCORES, "approve")["event_id"])
    assert (found.equal, found.recorded, found.rebuilt, found.published) == (True, [], [], True)


def test_an_approval_without_a_score_is_explained_from_the_logs(past: Deployment, explained: Explained) -> None:
    """Nothing was published: the logs say that this is right, and there is nothing recorded to check."""
    decision = victim(past, Role.SCORES, "approve")
    found = explained(without_scores(past.settings), decision["event_id"])
    assert (found.equal, found.published, found.missing) == (True, False, False)
    assert (found.recorded, found.rebuilt) == (None, None)
    assert (found.fields["score"], found.fields["outcome"]) == (decision["score"], "approve")


def test_a_missing_flag_is_no_approval(past: Deployment, explained: Explained) -> None:
    """The logs give a flag where none stands."""
    decision = victim(past)

    def alter(each: Fields) -> Iterator[Fields]:
        if each["event_id"] != decision["event_id"]:
            yield each

    settings = decided_again(past, alter)
    found = explained(without_scores(settings), decision["event_id"])
    assert (found.equal, found.missing, found.published) == (False, True, False)
    found = explained(settings, decision["event_id"])
    assert (found.equal, found.missing, found.published, found.recorded) == (False, True, True, [])


@pytest.mark.parametrize(
    ("change", "recorded", "rebuilt"),
    [
        ({"score": 0.5}, {"score"}, {"score"}),
        ({"outcome": "review"}, {"outcome"}, {"outcome"}),
        ({"reasons": ["night_online", "amount_high"]}, {"reasons"}, {"reasons"}),
        ({"amount_minor": 1}, set(), {"amount_minor"}),
        ({"policy": "another"}, set(), {"policy"}),
    ],
)
def test_an_altered_flag_is_reported(
    past: Deployment, explained: Explained, change: Fields, recorded: set[str], rebuilt: set[str]
) -> None:
    """What does not follow from its own features, and what does not follow from the logs."""
    decision = victim(past)

    def alter(each: Fields) -> Iterator[Fields]:
        yield each | (change if each["event_id"] == decision["event_id"] else {})

    found = explained(decided_again(past, alter), decision["event_id"])
    assert not found.equal
    assert {name for name, _, _ in found.recorded or ()} == recorded
    assert {name for name, _, _ in found.rebuilt or ()} == rebuilt


def test_a_flag_altered_with_care_is_reported(past: Deployment, explained: Explained) -> None:
    """Its score follows from its features, but these do not follow from the logs."""
    decision = victim(past)
    features = list(decision["features"])
    features[POSITION["count_7d"]] += 1

    def alter(each: Fields) -> Iterator[Fields]:
        yield each | ({"features": features} if each["event_id"] == decision["event_id"] else {})

    found = explained(decided_again(past, alter), decision["event_id"])
    assert (found.equal, found.recorded) == (False, [])
    assert [(name, one - other) for name, one, other in found.rebuilt or ()] == [("features.count_7d", 1.0)]


def test_an_altered_log_is_reported(past: Deployment, explained: Explained) -> None:
    """An earlier payment of the card is another one now: the flag agrees with itself and not with the log."""
    decision = victim(past)
    read = past.read(Role.SCORES).decisions
    before = [each for each in read if each["card_id"] == decision["card_id"] and each["source"] != decision["source"]]
    earlier = max(
        (each for each in before if each["event_time"] < decision["event_time"]), key=lambda each: each["event_time"]
    )

    def alter(event: Fields) -> Fields:
        same = event["event_id"] == earlier["event_id"]
        return event | {"amount_minor": event["amount_minor"] + 1} if same else event

    found = explained(recorded_again(past, alter), decision["event_id"])
    assert (found.equal, found.recorded) == (False, [])
    assert "features.mean_30d" in {name for name, _, _ in found.rebuilt or ()}


def test_an_answer_that_came_twice_is_reported(past: Deployment, explained: Explained) -> None:
    """The first one counts, and the second is no less wrong for being the same."""
    decision = victim(past)

    def alter(each: Fields) -> Iterator[Fields]:
        yield from [each] * (2 if each["event_id"] == decision["event_id"] else 1)

    found = explained(decided_again(past, alter), decision["event_id"])
    assert (found.equal, found.recorded, found.rebuilt) == (False, [], [])


def test_what_is_nowhere_is_said_to_be(past: Deployment) -> None:
    """A wrong id, and a search that ends before the event."""
    decision = victim(past, Role.SCORES, "approve")
    with Archive.of(without_scores(past.settings)) as archive:
        assert find(archive, decision["event_id"]) == (decision["source"]["partition"], decision["source"]["offset"])
        at = int(decision["event_time"].timestamp() * 1000)
        since, until = at - 60_000, at + 60_000
        assert find(archive, decision["event_id"], since, until)[1] == decision["source"]["offset"]
        for bounds in ((until, None), (None, since)):
            with pytest.raises(Usage, match="neither a decision nor a transaction"):
                find(archive, decision["event_id"], *bounds)
        with pytest.raises(Usage, match="'event-none'"):
            find(archive, "event-none")


def test_a_bad_record_has_no_decision(past: Deployment) -> None:
    """It says why it is among the dead letters."""
    bad = next(each for each in past.read(Role.TRANSACTIONS).messages if not each.value().startswith(b"{"))
    with Archive.of(past.settings) as archive, pytest.raises(Usage, match=r"unknown_framing.*dead letters"):
        Explainer(archive, _never).explain(bad.partition(), bad.offset())
    with Archive.of(past.settings) as archive, pytest.raises(Usage, match="any more, or not yet"):
        Explainer(archive, _never).explain(bad.partition(), 10**9)


def _never(ref: ModelRef, policy: str) -> Decider:
    return by_rules(Bank(), Policy())
