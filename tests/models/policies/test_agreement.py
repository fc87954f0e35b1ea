"""A policy holds only under the settings that it was made for."""

from typing import Any

import pytest

from models.bank import Bank
from models.features import Places
from models.money import Money
from models.policies.agreement import check
from models.policies.policy_file import PolicyFile
from models.rules import Limits
from schemas.errors import Misconfigured

PLACES = {"timezone": "Europe/Paris", "home_countries": ("DE", "FR"), "risky_categories": (4829, 7995)}
RATES = {"version": 1, "reference": "EUR", "millionths": {"USD": 920_000}}
HERE = Bank(Places("Europe/Paris", ("FR", "DE"), (7995, 4829)), money=Money("EUR", {"USD": 920_000}))


def policy(content: dict[str, Any], **given: object) -> PolicyFile:
    return PolicyFile.model_validate(content | PLACES | {"rates": RATES} | given)


def test_the_same_in_another_order(content: dict[str, Any]) -> None:
    """Countries and categories are sets."""
    check(policy(content), HERE, "fraud/1")


def test_rates_without_a_reference_say_nothing(content: dict[str, Any]) -> None:
    """Every amount is taken as it is then."""
    there = Bank(HERE.places, money=Money("", {"USD": 1}))
    check(policy(content, rates=None), there, "fraud/1")


@pytest.mark.parametrize(
    ("bank", "said"),
    [
        (Bank(Places("UTC", ("FR", "DE"), (7995, 4829)), money=HERE.money), "policy.timezone is UTC"),
        (Bank(Places("Europe/Paris", (), (7995, 4829)), money=HERE.money), "rules.home_countries is none"),
        (Bank(HERE.places, Limits(1), money=HERE.money), "rules.amount_high_minor is 1, the policy has 200000"),
        (Bank(HERE.places, money=Money("EUR", {"USD": 1})), "money.rates is USD=1, the policy has USD=920000"),
        (Bank(HERE.places), "money.reference is none, the policy has EUR; money.rates is none"),
    ],
)
def test_what_differs_is_named(bank: Bank, said: str, content: dict[str, Any]) -> None:
    """By the setting, with both values, and the policy."""
    with pytest.raises(Misconfigured) as refused:
        check(policy(content), bank, "fraud/1 abc")
    assert said in refused.value.message
    assert "fraud/1 abc" in refused.value.message
