"""What another fold is, and what is none."""

import pytest

from consumer.snapshots.digest import fold_digest
from schemas.settings import load

PLAIN = fold_digest(load({}, env={}))


@pytest.mark.parametrize(
    "given",
    [
        {"cards.late": "6d"},
        {"cards.future": "6m"},
        {"cards.entries": "4095"},
        {"cards.idle": "61d"},
        {"money.reference": "EUR"},
        {"money.reference": "EUR", "money.rates": '{"USD": "900000"}'},
        {"checks.reject_pans": "true"},
        {"checks.strict_keys": "true"},
        {"checks.strict_keys": "true", "kafka.partitioner": "crc32"},
    ],
)
def test_what_makes_other_state(given: dict[str, str]) -> None:
    """How cards are kept, how amounts are converted, which records are refused."""
    assert fold_digest(load(given, env={})) != PLAIN


def test_rates_and_partitioners_are_told_apart() -> None:
    """Where they count."""
    money = [
        fold_digest(load({"money.reference": "EUR", "money.rates": rates}, env={}))
        for rates in ("{}", '{"USD": "900000"}')
    ]
    strict = {"checks.strict_keys": "true"}
    keys = [fold_digest(load(strict | {"kafka.partitioner": each}, env={})) for each in ("murmur2", "crc32")]
    assert len({*money, *keys, PLAIN}) == 5


@pytest.mark.parametrize(
    "given",
    [
        {"rules.amount_high_minor": "100"},
        {"labels.delay": "8d"},
        {"policy.timezone": "Europe/Berlin"},
        {"kafka.partitioner": "crc32"},
        {"state.keep_last": "9"},
        {"score.workers": "2"},
    ],
)
def test_what_makes_the_same_state(given: dict[str, str]) -> None:
    """Rules, labels and features look at the state; they do not make it."""
    assert fold_digest(load(given, env={})) == PLAIN
