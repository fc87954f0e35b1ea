"""Why a flag is one: two codes at least, four at most, each with a sentence."""

from itertools import product

import numpy as np
import pytest

from models.numbers import logistic
from models.policies.kinds import ALLOWING, BIT, KINDS
from models.policies.outcomes import outcomes
from models.policies.reasons import SENTENCES, reasons
from models.policy import Outcome, Policy
from models.rules import RULES, Status, margins

CODES = [rule.code for rule in RULES]


def row(**statuses: Status) -> np.ndarray:
    return np.array([statuses.get(code, Status.NO_HIT) for code in CODES], np.int8)


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
    assert reasons(Outcome.BLOCK, row(**statuses), listed) == found


def test_allow_lists_are_no_reason() -> None:
    """A review that would have been a block says why it would have been one."""
    statuses = row(amount_high=Status.HIT, amount_extreme=Status.HIT)
    assert reasons(Outcome.REVIEW, statuses, int(ALLOWING)) == ["amount_extreme", "amount_high"]


def test_what_is_approved_needs_none() -> None:
    """However many rules hit."""
    assert reasons(Outcome.APPROVE, row(**dict.fromkeys(CODES, Status.HIT)), 0) == []


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
        found = reasons(int(outcome[place]), can_be[place], listed)
        assert 2 <= len(found) <= 4
        assert len(set(found)) == len(found)
        assert set(found) <= set(SENTENCES)
