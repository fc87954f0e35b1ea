"""Decisions of models that were promoted while the scorer ran, computed anew; and what one would have changed."""

from collections.abc import Callable

import pytest
from support.deployment import Deployment
from support.past import publish, publish_labels, transactions
from support.registered import Shop

from consumer.deciding import supposed
from consumer.replaying.account import Account
from consumer.replaying.archive import Archive
from consumer.replaying.contributions import contributions
from consumer.replaying.explanation import Explanation
from consumer.replaying.stretch import EARLIEST, END, stretches
from consumer.replaying.trial import Trial
from fraudstream.replaying.costs import costs_of
from models.policies.policies import Policies
from schemas.errors import Misconfigured
from schemas.settings import Settings
from schemas.topics import Role

GIVEN = {"score_start": "earliest", "output_scores": "true", "models_check_every": "1s"}
AT = {"review_at": 0.0005, "block_at": 0.5}


def test_each_epoch_is_decided_by_its_own_model_again(
    deployment: Deployment, again: Callable[..., Account], explained: Callable[[Settings, str], Explanation]
) -> None:
    """Rules first, then one model, then another, with a list: every bit, every reason; none where a model is gone."""
    settings, shop, sent = deployment.settings, Shop(deployment.settings, deployment.folder), transactions(900)
    publish_labels(settings, sent)
    process = deployment.start(**GIVEN)
    publish(settings, sent[:300])
    deployment.await_records(Role.SCORES, 300)
    first = shop.champion(0, **AT)
    deployment.await_event("decider.loaded")
    publish(settings, sent[300:700])
    deployment.await_records(Role.SCORES, 700)
    shop.listing("card_block", "card-3")
    deployment.await_event("decider.loaded", 2)
    second = shop.champion(1, **AT)
    deployment.await_event("decider.loaded", 3)
    publish(settings, sent[700:])
    decisions = deployment.await_records(Role.SCORES, 900).decisions
    assert deployment.stop(process) == 0

    found = again(settings)
    assert (found.equal, found.cold_differing) == (True, 0), found.differences
    names = {(each.model.name, each.model.version) for each in found.epochs.values()}
    assert names == {("rules", "1"), ("fraud", "1"), ("fraud", "2")}
    assert {"listed"} <= {mark for each in decisions for mark in each["marks"]}

    flag = next(each for each in reversed(decisions) if each["outcome"] != "approve" and not each["marks"])
    one = explained(settings, flag["event_id"])
    assert (one.equal, one.recorded, one.rebuilt) == (True, [], [])
    parts = contributions(one.decider, one.basis.decided.features, one.basis.decided.hits)
    assert sum(each.margin for each in parts) == pytest.approx(flag["raw_margin"])
    assert {"base", "burst", "terminal_fraud"} < {each.code for each in parts}

    _tried(settings, first, len(sent))
    folder = shop.registry.resolve(second).folder
    folder.rename(folder.with_name("gone"))
    with pytest.raises(Misconfigured):
        again(settings)


def _tried(settings: Settings, model: str, rows: int) -> None:
    """The first model for all of it: at the costs of its own policy."""
    policy = str(Policies(Shop(settings, settings.models.root).registry).live(model).entry)
    costs = costs_of(settings, model, policy)
    assert (costs.review_minor, costs.wrong_block_minor) == (500, 2_000)
    with Archive.of(settings) as archive:
        log = archive.transactions
        asked = list(stretches(log, EARLIEST, END, None, log.committed()))
        found = Trial(archive, supposed(settings, model, policy), costs).run(asked)
    assert rows - 30 < found.rows < rows
    assert found.before != found.after
    assert found.after.approved + found.after.reviewed + found.after.blocked == found.rows
