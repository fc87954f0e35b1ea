"""What the settings say to folds and features."""

import pytest

from models.bank import Bank
from schemas.settings import load


def test_the_defaults_are_the_same_everywhere() -> None:
    """Settings nobody touched are the defaults of the parts."""
    assert Bank.of(load(env={})) == Bank(places=Bank.of(load(env={})).places)
    assert Bank.of(load(env={})).digest == Bank.of(load(env={})).digest


@pytest.mark.parametrize(
    "given",
    [
        {"policy.timezone": "Europe/Paris"},
        {"rules.home_countries": "DE"},
        {"rules.risky_categories": "1"},
        {"rules.amount_high_minor": "1"},
        {"cards.late": "8d"},
        {"cards.future": "1m"},
        {"cards.entries": "64"},
        {"cards.idle": "61d"},
        {"labels.delay": "8d"},
        {"labels.step": "30m"},
        {"labels.grace": "61s"},
        {"money.reference": "EUR"},
        {"money.reference": "EUR", "money.rates.USD": "1"},
    ],
)
def test_each_setting_that_makes_other_features_is_in_the_digest(given: dict[str, str]) -> None:
    """Two tables of one digest may be put together."""
    base = {"money.reference": "EUR"} if "money.rates.USD" in given else {}
    assert Bank.of(load(given, env={})).digest != Bank.of(load(base, env={})).digest


def test_settings_that_do_not_matter_are_not() -> None:
    """Where the broker is has nothing to do with it."""
    assert (
        Bank.of(load({"kafka.bootstrap": "b:1", "policy.review_at": "0.1"}, env={})).digest
        == Bank.of(load(env={})).digest
    )
