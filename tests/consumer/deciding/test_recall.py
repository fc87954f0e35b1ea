"""The decider that an epoch names comes back with every bit, or not at all."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from support.registered import BY, EVENTS, Shop, sights

from consumer.deciding import live, recalled, supposed
from models.bank import Bank
from models.decide import Decider
from schemas.errors import Misconfigured, Usage
from schemas.settings import Settings

Make = Callable[..., Settings]


def bits(decider: Decider, settings: Settings) -> tuple[bytes, ...]:
    [(lot, sight)] = sights(Bank.of(settings), 2 * EVENTS)
    found = decider.decide(lot, sight)
    said = repr([found.reasons(row) for row in range(len(found.score))]).encode()
    return (*(getattr(found, name).tobytes() for name in ("raw_margin", "score", "outcome", "marks", "statuses")), said)


def again(settings: Settings, decider: Decider) -> Decider:
    return recalled(settings, asdict(decider.model), decider.policy)


def test_the_rules_of_then(shop: Shop, make: Make) -> None:
    """With their lists, their thresholds and their exploration, whatever the settings and the newest lists say now."""
    shop.listing("terminal_block", "t3")
    then = live(make(policy__review_at="0.3333333333333333", policy__exploration="0.1"))
    shop.listing("terminal_block", "t4")
    shop.champion()
    found = again(shop.settings, then)
    assert (found.model, found.policy) == (then.model, then.policy)
    assert bits(found, shop.settings) == bits(then, shop.settings)
    assert bits(found, shop.settings) != bits(live(make(models__live="")), shop.settings)


def test_the_model_of_then(shop: Shop) -> None:
    """With its policy, its lists and its exploration, whatever is live now."""
    shop.listing("terminal_block", "t3")
    first = shop.champion(0, exploration=0.25)
    then = live(shop.settings)
    before = bits(then, shop.settings)
    shop.policy(first, review_at=0.5, block_at=0.5)
    shop.listing("terminal_block", "t4")
    shop.champion(1)
    found = again(shop.settings, then)
    assert (found.model, found.policy, found.exploration) == (then.model, then.policy, 0.25)
    assert bits(found, shop.settings) == before
    assert bits(live(shop.settings), shop.settings) != before


def test_before_there_were_lists(shop: Shop) -> None:
    """None held then, so none hold now."""
    shop.champion()
    then = live(shop.settings)
    shop.listing("terminal_block", "t3")
    found = again(shop.settings, then)
    assert found.lists.version == 0
    assert bits(found, shop.settings) == bits(then, shop.settings)


@pytest.mark.parametrize(
    "given",
    [
        {"rules__home_countries": "FR"},
        {"rules__amount_high_minor": "1"},
        {"policy__timezone": "Europe/Paris"},
        {"money__reference": "EUR"},
        {"cards__future": "1h"},
    ],
)
def test_rules_under_other_settings(given: dict[str, str], shop: Shop, make: Make) -> None:
    """They would give other margins, so they are not the rules of then."""
    then = live(shop.settings)
    with pytest.raises(Misconfigured, match=f"and rules/1 {then.model.digest} decided") as refused:
        again(make(**given), then)
    assert "settings of then" in refused.value.fix


def test_a_model_under_other_settings(shop: Shop, make: Make) -> None:
    """Its features would be others."""
    shop.champion()
    with pytest.raises(Misconfigured, match=r"rules\.home_countries is FR, the policy has DE"):
        again(make(rules__home_countries="FR"), live(shop.settings))


def test_another_registry(shop: Shop, make: Make, tmp_path: Path) -> None:
    """The same names with other digests: of the model, of the policy, of the lists."""
    shop.listing("terminal_block", "t3")
    shop.champion(0)
    then = live(shop.settings)
    other = Shop(make(models__root=str(tmp_path / "other")), tmp_path)
    with pytest.raises(Misconfigured, match="there is no lists:/1"):
        again(other.settings, then)
    other.listing("terminal_block", "t4")
    with pytest.raises(Misconfigured, match=r"lists:/1 is .* here, and .* decided"):
        again(other.settings, then)
    model, policy = asdict(then.model), then.policy.partition(" lists:")[0]
    with pytest.raises(Misconfigured, match="has no model fraud"):
        recalled(other.settings, model, policy)
    other.champion(1)
    with pytest.raises(Misconfigured, match=f"models:/fraud/1 is fraud/1 .* here, and fraud/1 {then.model.digest}"):
        recalled(other.settings, model, policy)


def test_another_policy_of_that_number(shop: Shop, make: Make, tmp_path: Path) -> None:
    """The digest of the policy is part of its name."""
    shop.champion(0)
    then = live(shop.settings)
    other = Shop(make(models__root=str(tmp_path / "other")), tmp_path)
    other.champion(0, review_at=0.0625)
    with pytest.raises(Misconfigured, match=r"policies:/fraud/1 is .* here"):
        again(other.settings, then)


@pytest.mark.parametrize(
    "file", ["fraud/1/model.skops", "fraud/policies/1.json", "ledger.lists/1.json", "ledger.jsonl"]
)
def test_nothing_that_was_altered_is_recalled(file: str, shop: Shop) -> None:
    """A replay against a registry that somebody wrote into proves nothing."""
    shop.listing("terminal_block", "t3")
    shop.champion()
    then = live(shop.settings)
    path = shop.settings.models.root / file
    path.write_bytes(path.read_bytes().replace(b"t3", b"t5").replace(b"0.9", b"0.8") + b" ")
    with pytest.raises(Misconfigured, match=Path(file).name):
        again(shop.settings, then)


def test_a_version_that_is_gone(shop: Shop) -> None:
    """Its folder is named."""
    shop.champion()
    then = live(shop.settings)
    (shop.settings.models.root / "fraud" / "1").rename(shop.folder / "elsewhere")
    with pytest.raises(Misconfigured, match="fraud/1"):
        again(shop.settings, then)


@pytest.mark.parametrize("policy", ["", "thresholds-9 x", "fraud/1 short"])
def test_words_of_another_program(policy: str, shop: Shop) -> None:
    """What cannot be read is not guessed at."""
    with pytest.raises(Misconfigured, match="names no policy") as refused:
        recalled(shop.settings, asdict(live(shop.settings).model), policy)
    assert "app_version" in refused.value.fix


def test_exploration_that_the_policy_does_not_have(shop: Shop) -> None:
    """A text that was put together by hand is not what decided."""
    shop.champion()
    then = live(shop.settings)
    with pytest.raises(Misconfigured, match="comes back as"):
        recalled(shop.settings, asdict(then.model), f"{then.policy} exploration=0.5")


def test_what_would_decide(shop: Shop, make: Make) -> None:
    """Any registered model with any of its policies, or the rules; not one model with the policy of another."""
    first, second = shop.model(0), shop.model(1)
    one, two = shop.policy(first), shop.policy(first, review_at=0.0625)
    other = shop.policy(second)
    assert supposed(shop.settings, "rules").policy == "thresholds-1 review_at=0.5 block_at=0.9"
    assert supposed(shop.settings, first).thresholds.review_at == 0.0625
    assert supposed(shop.settings, first, one).thresholds.review_at != 0.0625
    assert supposed(shop.settings, first, two).policy == supposed(shop.settings, first).policy
    with pytest.raises(Misconfigured, match="is not for models:/fraud/1"):
        supposed(shop.settings, first, other)
    with pytest.raises(Usage, match="is a path"):
        supposed(shop.settings, str(shop.folder))


def test_an_artefact_under_another_number_is_another_model(shop: Shop) -> None:
    """The same trees registered twice are the same content, and have their own names."""
    shop.champion(0)
    then = live(shop.settings)
    shop.registry.promote(shop.model(0), BY)
    now = live(shop.settings)
    assert (now.model.digest, now.policy) == (then.model.digest, then.policy)
    assert now.model != then.model
    assert np.array_equal(again(shop.settings, then).thresholds, then.thresholds)
