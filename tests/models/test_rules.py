from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.features import POSITION, Matrix, Places, row_features
from models.rule_examples import lot_of, tried
from models.rules import RULES, Hits, Limits, Rule, Status, hits, margins, statuses
from schemas.errors import Misconfigured
from schemas.lot.buffers import numbers

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


def at(rows: pa.RecordBatch) -> np.ndarray:
    return numbers(rows["event_time"])


def broken(code: str, breaks: Callable[[Matrix, Limits], Hits]) -> Rule:
    return Rule(code, "It breaks.", 9.0, breaks, hits=({},), misses=({},))


def raising(matrix: Matrix, _: Limits) -> Hits:
    raise ZeroDivisionError


def without_a_shape(matrix: Matrix, _: Limits) -> Hits:
    return np.zeros((len(matrix), 2), np.bool_)


def of_numbers(matrix: Matrix, _: Limits) -> Hits:
    return matrix[:, 0]  # type: ignore[return-value]


def fussy(matrix: Matrix, _: Limits) -> Hits:
    """Breaks on amounts of 13 alone."""
    if (matrix[:, POSITION["amount_minor"]] == 13).any():
        raise ValueError
    found: Hits = matrix[:, POSITION["amount_minor"]] > 100
    return found


@pytest.mark.parametrize("breaks", [raising, without_a_shape, of_numbers])
def test_a_broken_rule_stops_nobody(breaks: Callable[[Matrix, Limits], Hits], lot: Make) -> None:
    """Its column says error on every row, its neighbours are as they would be without it."""
    rows = lot({"amount_minor": 600_000}, {}, {"country": "BR"})
    matrix = row_features(rows, PLACES)
    found = statuses(matrix, Limits(), {}, at(rows), (broken("broken", breaks), *RULES))
    assert found[:, 0].tolist() == [Status.ERROR] * 3
    assert ((found[:, 1:] == Status.HIT) == hits(matrix, Limits())).all()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_a_rule_that_breaks_on_one_row_answers_for_the_others(size: int, lot: Make) -> None:
    """In lots of any size: a row does not suffer from its neighbours."""
    rows = lot(*({"amount_minor": amount} for amount in (5, 13, 200, 13, 300, 7, 101) * 7))
    matrix, times = row_features(rows, PLACES), at(rows)
    rule = (broken("fussy", fussy),)
    parts = [
        statuses(matrix[start : start + size], Limits(), {}, times[start : start + size], rule)
        for start in range(0, len(matrix), size)
    ]
    expected = [Status.NO_HIT, Status.ERROR, Status.HIT, Status.ERROR, Status.HIT, Status.NO_HIT, Status.HIT] * 7
    assert np.concatenate(parts)[:, 0].tolist() == expected


@given(
    st.lists(st.tuples(st.integers(0, 20), st.sampled_from([100, 600_000])), min_size=1, max_size=20),
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=4),
    st.integers(0, 1_000),
)
def test_a_snooze_ends_by_event_time(events: list[tuple[int, int]], spans: list[tuple[int, int]], shift: int) -> None:
    """Hits in [from, until) are snoozed and no others; moved together in time, snoozes and events agree as before."""
    rows = lot_of(*({"amount_minor": amount, "event_time": time} for time, amount in events))
    matrix = row_features(rows, PLACES)
    found = statuses(matrix, Limits(), {"amount_high": spans}, at(rows))[:, 0].tolist()
    for (time, amount), status in zip(events, found, strict=True):
        asleep = any(start <= time < end for start, end in spans)
        assert status == (Status.NO_HIT if amount == 100 else Status.SNOOZED if asleep else Status.HIT)
    moved = {"amount_high": [(start + shift, end + shift) for start, end in spans]}
    assert statuses(matrix, Limits(), moved, at(rows) + shift)[:, 0].tolist() == found


def test_a_snooze_is_of_one_rule(lot: Make) -> None:
    """An unknown code, such as one of an older release, does nothing."""
    rows = lot({"amount_minor": 600_000})
    matrix = row_features(rows, PLACES)
    found = statuses(matrix, Limits(), {"amount_high": [(0, 1 << 60)], "gone": [(0, 1 << 60)]}, at(rows))
    assert found[0].tolist()[:2] == [Status.SNOOZED, Status.HIT]


def test_no_rows_have_no_statuses(lot: Make) -> None:
    """Not even of a broken rule."""
    rows = lot()
    matrix = row_features(rows, PLACES)
    assert statuses(matrix, Limits(), {}, at(rows), (broken("broken", raising),)).shape == (0, 1)
    assert statuses(matrix, Limits(), {}, at(rows)).shape == (0, len(RULES))


def test_the_examples_are_tried() -> None:
    """All of them as they say; a rule that says otherwise is told from one that breaks."""
    assert all(each.as_expected for each in tried())
    lying = replace(RULES[0], hits=RULES[0].misses)
    assert [each.as_expected for each in tried((lying,))] == [False, False, True, True]
    assert {each.found for each in tried((broken("broken", raising),))} == {Status.ERROR}
