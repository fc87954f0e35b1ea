from collections.abc import Callable, Mapping

import pyarrow as pa
import pytest

from models.features import Places, row_features
from models.rules import RULES, Limits, Rule, hits, margins
from schemas.errors import Misconfigured

PLACES = Places("UTC", ("DE",), (7995,))
Make = Callable[..., pa.RecordBatch]


def codes(rows: pa.RecordBatch) -> list[set[str]]:
    found = hits(row_features(rows, PLACES), Limits())
    return [{rule.code for rule, hit in zip(RULES, row, strict=True) if hit} for row in found]


@pytest.mark.parametrize(("rule", "example"), [(rule, example) for rule in RULES for example in rule.hits])
def test_every_hit_of_a_rule_hits(rule: Rule, example: Mapping[str, object], lot: Make) -> None:
    """A rule hits the transactions it names as its hits."""
    assert rule.code in codes(lot(example))[0]


@pytest.mark.parametrize(("rule", "example"), [(rule, example) for rule in RULES for example in rule.misses])
def test_every_miss_of_a_rule_misses(rule: Rule, example: Mapping[str, object], lot: Make) -> None:
    """A rule leaves the transactions alone that it names as its misses."""
    assert rule.code not in codes(lot(example))[0]


def test_rules_have_hits_and_misses() -> None:
    """No rule comes without both kinds of example."""
    assert all(rule.hits and rule.misses for rule in RULES)


def test_codes_are_unique() -> None:
    """A code in a decision means one rule."""
    assert len({rule.code for rule in RULES}) == len(RULES)


def test_an_ordinary_purchase_hits_nothing(lot: Make) -> None:
    """The unremarkable row that the examples are made from meets no rule."""
    assert codes(lot({})) == [set()]


def test_margins_add_up(lot: Make) -> None:
    """The raw margin is the base plus the margins of the rules that hit."""
    found = hits(row_features(lot({}, {"amount_minor": 200_000, "country": "BR"}), PLACES), Limits())
    assert margins(found).tolist() == [-5.0, 0.5]


def test_rows_do_not_see_each_other(lot: Make) -> None:
    """A row's hits are the same alone and among others."""
    rows = [{"amount_minor": 600_000}, {}, {"country": "BR", "hour": 2, "channel": "ONLINE"}]
    assert codes(lot(*rows)) == [codes(lot(row))[0] for row in rows]


def test_limits_in_the_wrong_order_are_refused() -> None:
    """An extreme amount below the high one would make flags with a single reason."""
    with pytest.raises(Misconfigured, match="below"):
        Limits(amount_high_minor=10, amount_extreme_minor=9)
