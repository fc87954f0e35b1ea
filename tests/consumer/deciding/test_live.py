"""What decides when a worker starts: the live model with its policy, the rules where there is none, or nothing."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from structlog.testing import capture_logs
from support.registered import BY, EVENTS, Shop, estimator, history, rows, sights

from consumer.deciding import live
from models.bank import Bank
from models.decide import Decider, Decisions
from models.numbers import logistic
from models.policies.list_shelf import ListShelf
from models.policies.reasons import SENTENCES
from models.policy import Outcome
from schemas.errors import Misconfigured
from schemas.settings import Settings
from schemas.verdicts import Mark

Make = Callable[..., Settings]


def decide(decider: Decider, settings: Settings, size: int = 2 * EVENTS) -> list[Decisions]:
    return [decider.decide(lot, sight) for lot, sight in sights(Bank.of(settings), size)]


def test_rules_decide_where_nothing_was_ever_promoted(shop: Shop) -> None:
    """Registered is not promoted; one line says so, and where it looked."""
    shop.policy(shop.model())
    with capture_logs() as logs:
        decider = live(shop.settings)
    assert decider.model.name == "rules"
    assert decider.policy == "thresholds-1 review_at=0.5 block_at=0.9"
    [line] = [each for each in logs if each["event"] == "decider.live"]
    assert line["why"] == f"nothing was promoted as models:/fraud@champion in {shop.settings.models.root}"


def test_the_live_model_decides_by_its_live_policy(shop: Shop) -> None:
    """Scores are scikit-learn's to the last bit, thresholds those of the policy, and everything is named."""
    model = shop.champion(exploration=0.25)
    shop.listing("terminal_block", "t3")
    decider = live(shop.settings)
    digest, policy = str(shop.registry.resolve(model).digest), shop.policies.live(model)
    assert (decider.model.name, decider.model.version, decider.model.digest) == ("fraud", "1", digest[:12])
    lists = ListShelf(shop.registry.root).lists()
    assert decider.policy == f"{policy.label} lists:/1 {lists.digest[:12]} exploration=0.25"
    [found] = decide(decider, shop.settings)
    assert found.raw_margin.tobytes() == estimator(0).decision_function(found.features).tobytes()
    assert found.score.tobytes() == logistic(found.raw_margin).tobytes()
    listed = np.array(rows()["terminal_id"].to_pylist()) == "t3"
    plain = policy.policy.thresholds.outcomes(found.score)
    explored = found.marks & int(Mark.EXPLORED) != 0
    assert 0 < explored.sum() < (plain == Outcome.BLOCK).sum()
    expected = np.where(listed, Outcome.BLOCK, np.where(explored, Outcome.REVIEW, plain))
    assert found.outcome.tolist() == expected.tolist()


def test_each_flag_has_two_to_four_reasons(shop: Shop) -> None:
    """Lists first, none twice, each with a sentence; what is approved has none."""
    shop.champion()
    shop.listing("terminal_block", "t3", "t4")
    shop.listing("card_block", "card-7")
    [found] = decide(live(shop.settings), shop.settings)
    flagged = set(np.flatnonzero(found.outcome).tolist())
    assert set(found.codes) == flagged
    for row in flagged:
        reasons = found.reasons(row)
        assert 2 <= len(reasons) <= 4
        assert len(set(reasons)) == len(reasons)
        assert set(reasons) <= set(SENTENCES)
        assert [each for each in reasons if each.startswith("listed_")] == reasons[: int(found.listed[row]).bit_count()]
    assert {found.reasons(row)[1] for row in flagged if found.listed[row]} > {"by_hand"}
    assert {"amount_unusual", "terminal_fraud"} & {found.reasons(row)[0] for row in flagged}


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_lots_of_any_size_decide_alike(size: int, shop: Shop) -> None:
    """Every bit of every column, and every reason: with lists, snoozes and exploration."""
    shop.champion(exploration=0.3)
    shop.listing("terminal_block", "t3")
    shop.listing("customer_allow", "4", "9")
    shop.listing("rule_snooze", "foreign_country")
    decider = live(shop.settings)
    [whole] = decide(decider, shop.settings)
    parts = decide(decider, shop.settings, size)
    for name in ("features", "raw_margin", "score", "outcome", "statuses", "listed", "marks"):
        assert np.concatenate([getattr(each, name) for each in parts]).tobytes() == getattr(whole, name).tobytes()
    said = [each.reasons(row) for each in parts for row in range(len(each.score))]
    assert said == [whole.reasons(row) for row in range(len(whole.score))]
    assert len(set(whole.outcome.tolist())) == 3


def test_a_version_can_be_pinned_and_rules_be_chosen(shop: Shop, make: Make) -> None:
    """Whatever is promoted later."""
    shop.champion(0)
    shop.champion(1)
    assert live(make(models__live="models:/fraud/1")).model.version == "1"
    with capture_logs() as logs:
        assert live(make(models__live="")).model.name == "rules"
        live(shop.settings)
    assert [each["why"] for each in logs] == ["models.live is empty", "it is models:/fraud@champion"]


def test_a_policy_may_pin_its_lists(shop: Shop) -> None:
    """Others take the newest."""
    for terminal in ("t1", "t2"):
        shop.listing("terminal_block", terminal)
    model = shop.champion(lists=1)
    assert live(shop.settings).lists.version == 1
    shop.policy(model)
    assert live(shop.settings).lists.version == 2


@pytest.mark.parametrize("name", ["fraud", "models:/fraud", "models:/fraud/none", "models:/a b@champion"])
def test_names_that_are_none(name: str, make: Make) -> None:
    """Said before anything is read."""
    with pytest.raises(Misconfigured, match=r"models\.live"):
        live(make(models__live=name))


def test_a_version_that_is_not_there(shop: Shop, make: Make) -> None:
    """A number is no alias: it was meant."""
    shop.model()
    with pytest.raises(Misconfigured, match="fraud has no version 7"):
        live(make(models__live="models:/fraud/7"))


def test_a_model_without_a_policy(shop: Shop) -> None:
    """Nobody guesses thresholds."""
    shop.registry.promote(shop.model(), BY)
    with pytest.raises(Misconfigured, match="no policy is live for models:/fraud/1"):
        live(shop.settings)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"feature_version": 1}, "was made for feature_version 1, this program computes"),
        ({"feature_version": None}, "was made for feature_version none"),
        ({"medians": {}}, "medians"),
    ],
)
def test_a_model_of_something_else(changes: dict[str, object], said: str, shop: Shop) -> None:
    """Other features, none at all, or nothing to give reasons by."""
    model = shop.model(**changes)
    shop.policy(model)
    shop.registry.promote(model, BY)
    with pytest.raises(Misconfigured, match=said):
        live(shop.settings)


def test_a_model_that_cannot_be_exact(shop: Shop, make: Make) -> None:
    """A pipeline's bits follow from the machine: not in the stream, and the reason is given."""
    matrix, fraud = history()
    pipeline = make_pipeline(SimpleImputer(), LogisticRegression(max_iter=10, tol=1.0)).fit(matrix / 1e6, fraud)
    model = shop.model(estimator=pipeline)
    shop.policy(model)
    shop.registry.promote(model, BY)
    with pytest.raises(Misconfigured, match="scikit-learn's own bits for a linear model"):
        live(shop.settings)


TAMPERED = {
    "fraud/1/golden.json": "golden.json",
    "fraud/1/model.skops": "model.skops",
    "fraud/1/manifest.json": "manifest.json",
    "fraud/policies/1.json": "1.json",
    "ledger.lists/1.json": "1.json",
    "ledger.jsonl": "ledger.jsonl",
    "ledger.head": "ledger.head",
}


@pytest.mark.parametrize("file", TAMPERED)
def test_nothing_that_was_altered_decides(file: str, shop: Shop) -> None:
    """The file is named."""
    shop.champion()
    shop.listing("card_block", "c")
    path = Path(shop.settings.models.root) / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(Misconfigured, match=TAMPERED[file]):
        live(shop.settings)


def test_a_model_whose_folder_is_gone(shop: Shop) -> None:
    """It was promoted, so the rules are no answer."""
    shop.champion()
    (shop.settings.models.root / "fraud" / "1").rename(shop.folder / "elsewhere")
    with pytest.raises(Misconfigured, match="no folder that can be read"):
        live(shop.settings)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("policy__timezone", "Europe/Paris", "policy.timezone is Europe/Paris, the policy has UTC"),
        ("rules__home_countries", "FR", "rules.home_countries is FR, the policy has DE"),
        ("rules__risky_categories", "1", "rules.risky_categories is 1, the policy has 4829,6051,7995"),
        ("rules__amount_high_minor", "7", "rules.amount_high_minor is 7, the policy has 200000"),
        ("rules__amount_extreme_minor", "900000", "rules.amount_extreme_minor is 900000, the policy has 500000"),
        ("money__reference", "EUR", "money.reference is EUR, the policy has none"),
    ],
)
def test_settings_that_are_not_those_of_the_policy(name: str, value: str, said: str, shop: Shop, make: Make) -> None:
    """Each is named with both values."""
    shop.champion()
    with pytest.raises(Misconfigured) as refused:
        live(make(**{name: value}))
    assert said in refused.value.message


def test_a_folder_that_may_not_be_read(shop: Shop, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that somebody chose must be there for us; the default one is none then."""
    shop.champion()

    def forbidden(*_: object) -> None:
        raise PermissionError("not yours")

    monkeypatch.setattr("models.registry.ledger.read", forbidden)
    with pytest.raises(Misconfigured, match="not yours"):
        live(shop.settings)
    with capture_logs() as logs:
        assert live(Settings()).model.name == "rules"
    assert "registry.out_of_reach" in {each["event"] for each in logs}
