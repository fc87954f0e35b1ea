import numpy as np
import pytest

from models.feature_list import FEATURES, POSITION
from models.judging.attainable import SCENARIOS, attainable
from models.judging.rows import Rows
from producer.scenarios import Scenario


def test_columns_must_be_of_one_length() -> None:
    """A shifted column would give figures of nothing."""
    with pytest.raises(ValueError, match="different lengths"):
        Rows(np.zeros(2, bool), np.ones(2, bool), np.zeros(2, int), np.zeros(2, int), np.zeros(3, int))


def test_rows_whose_outcome_is_known(rows: Rows) -> None:
    """All of their columns, and the share of the others."""
    settled = rows.settled()
    assert settled.known.all()
    assert np.array_equal(settled.card, rows.card[rows.known])
    assert rows.unknown_share == pytest.approx(1 - len(settled) / len(rows))
    assert settled.unknown_share == 0


def matrix(count: int) -> np.ndarray:
    return np.full((count, len(FEATURES)), np.nan)


def test_what_could_have_been_found() -> None:
    """Never friendly fraud; a terminal only once it had a confirmed fraud; the rest always."""
    names = ["friendly_fraud", "compromised_terminal", "compromised_terminal", "stolen_card", "genuine", None]
    features = matrix(len(names))
    features[2, POSITION["terminal_days_since_last_fraud"]] = 3.0
    found = attainable(np.array(names, object), features)
    assert found is not None
    assert found.tolist() == [False, False, True, True, False, False]


@pytest.mark.parametrize("names", [None, [None, None], ["stolen_card", "phishing"]])
def test_of_others_nobody_can_say(names: list[str | None] | None) -> None:
    """No scenarios, or those of another world."""
    assert attainable(None if names is None else np.array(names, object), matrix(2)) is None


def test_the_scenarios_are_those_of_the_simulator() -> None:
    """A new one must be thought of here."""
    assert {each.text for each in Scenario} - {"genuine"} == SCENARIOS
