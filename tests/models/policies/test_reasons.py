"""Why a flag is one: two codes at least, four at most, each with a sentence."""

from itertools import product

import numpy as np
import pytest

from models.numbers import logistic
from models.policies.kinds import ALLOWING, BIT, KINDS
from models.policies.outcomes import outcomes
from models.policies.reasons import SENTENCES, joined, told
from models.policy import Policy
from models.rules import RULES, Status, margins

BY_MARGIN = sorted(RULES, key=lambda rule: -rule.margin)
CODES = [rule.code for rule in RULES]


def row(**statuses: Status) -> np.ndarray:
    return np.array([statuses.get(code, Status.NO_HIT) for code in CODES], np.int8)


def by_rules(statuses: np.ndarray, listed: int) -> list[str]:
    """With the codes of the rules that hit."""
    codes = [rule.code for rule in BY_MARGIN if statuses[CODES.index(rule.code)] == Status.HIT]
    return joined(codes, statuses, listed)


@pytest.mark.parametrize(
    ("statuses", "listed", "found"),
    [
        ({}, BIT["card_block"], ["listed_card", "by_hand"]),
        ({}, BIT["card_block"] | BIT["device_block"], ["listed_card", "listed_device"]),
        ({"night_online": Status.HIT}, BIT["country_block"], ["listed_country", "night_online"]),
        ({"night_online": Status.SNOOZED}, BIT["country_block"], ["listed_country", "night_online"]),
        ({"amount_extreme": Status.HIT, "amount_high": Status.SNOOZED}, 0, ["amount_extreme", "amount_high"]),
        ({"amount_extreme": Status.HIT, "amount_high": Status.ERROR}, 0, ["amount_extreme", "rule_error"]),
        ({"risky_category": Status.HIT, "foreign_country": Status.HIT}, 0, ["foreign_country", "risky_category"]),
        (dict.fromkeys(CODES, Status.HIT), 0, ["amount_extreme", "amount_high", "foreign_country", "risky_category"]),
        (
            dict.fromkeys(CODES, Status.HIT),
            BIT["terminal_block"],
            ["listed_terminal", "amount_extreme", "amount_high", "foreign_country"],
        ),
    ],
)
def test_what_is_said(statuses: dict[str, Status], listed: int, found: list[str]) -> None:
    """Lists first, rules by their margin, what did not count only where there is nothing else."""
    assert by_rules(row(**statuses), listed) == found


def test_allow_lists_are_no_reason() -> None:
    """A review that would have been a block says why it would have been one."""
    statuses = row(amount_high=Status.HIT, amount_extreme=Status.HIT)
    assert by_rules(statuses, int(ALLOWING)) == ["amount_extreme", "amount_high"]


@pytest.mark.parametrize(
    ("codes", "listed", "found"),
    [
        (["burst", "amount_high"], 0, ["burst", "amount_high"]),
        (["burst", "a", "b", "c"], BIT["card_block"], ["listed_card", "burst", "a", "b"]),
        ([], BIT["customer_block"], ["listed_customer", "by_hand"]),
    ],
)  # fmt: skip
def test_what_a_model_says_stands_in_its_order(codes: list[str], listed: int, found: list[str]) -> None:
    """After the lists, four in all."""
    assert joined(codes, row(amount_high=Status.HIT), listed) == found


@pytest.mark.parametrize("listed", [0, *(BIT[kind.name] for kind in KINDS)])
def test_every_flag_has_two_to_four(listed: int) -> None:
    """Whatever the rules came to, among all that can be: an extreme amount is a high one, or that rule broke."""
    high, extreme = CODES.index("amount_high"), CODES.index("amount_extreme")
    every = np.array(list(product(Status, repeat=len(CODES))), np.int8)
    extremes = np.isin(every[:, extreme], (Status.HIT, Status.SNOOZED))
    can_be = every[~extremes | (every[:, high] != Status.NO_HIT)]
    scores = logistic(margins(can_be == Status.HIT))
    bits = np.full(len(can_be), listed, np.uint32)
    outcome, _ = outcomes(scores, Policy(), can_be, bits, np.zeros(len(can_be), np.bool_))
    for place in outcome.nonzero()[0]:
        found = by_rules(can_be[place], listed)
        assert 2 <= len(found) <= 4
        assert len(set(found)) == len(found)
        assert set(found) <= set(SENTENCES)


def test_everybodys_reasons_are_told() -> None:
    """Model, rule and list; a code of a later release stands for itself."""
    codes = ["burst", "amount_high", "listed_card", "brand_new"]
    assert told(codes) == [*(SENTENCES[code] for code in codes[:3]), "brand_new"]
