"""What is usual: medians of the genuine, not known where they mostly are not, and how far each group goes by itself."""

import json
from typing import Any

import numpy as np
import pytest

from models.features import FEATURES, POSITION
from models.reasons import CODES, medians
from models.reasons.medians import HALVINGS, Usual
from models.trees.evaluator import Evaluator
from schemas.errors import Misconfigured

Past = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def section(past: Past, model: Evaluator) -> dict[str, Any]:
    return medians(*past, model)


def test_it_is_json(section: dict[str, Any]) -> None:
    """And comes back as it was."""
    assert json.loads(json.dumps(section, allow_nan=False)) == section


def test_medians_are_of_the_genuine(past: Past, model: Evaluator) -> None:
    """What the frauds have does not count, nor does what is not known; where most is unknown, so is the median."""
    matrix, fraud = past[0][:1_000].copy(), np.zeros(1_000, np.bool_)
    fraud[:100], matrix[:100] = True, 1e9
    matrix[100:500, POSITION["hour"]], matrix[500:, POSITION["hour"]] = np.nan, 7.0
    found = medians(matrix, fraud, model)["features"]
    assert found["hour"] == 7.0
    assert found["card_days_since_fraud"] is None
    assert max(value for value in found.values() if value is not None) < 1e9


def test_tails_halve(section: dict[str, Any]) -> None:
    """They rise, and mean what they say: few genuine rows have anything of a terminal with fraud."""
    assert all(tail == sorted(tail) and len(tail) == HALVINGS for tail in section["evidence"].values())
    assert section["evidence"]["terminal_fraud"][3] < 0.5 < section["evidence"]["terminal_fraud"][-1]


def test_without_genuine_rows_nothing_is_usual(past: Past, model: Evaluator) -> None:
    """Which is said rather than guessed."""
    found = medians(past[0][:10], np.ones(10, np.bool_), model)
    assert set(found["features"].values()) == {None}
    assert set(found["evidence"]["burst"]) == {0.0}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"features": {}}, "other features or reasons"),
        ({"evidence": {}}, "other features or reasons"),
        ({"evidence": {code.code: [0.0] for code in CODES}}, r"medians\.evidence"),
        ({"features": {feature.name: "1" for feature in FEATURES}}, r"medians\.features"),
        ({"features": {feature.name: float("inf") for feature in FEATURES}}, r"medians\.features"),
        ({"more": 1}, r"medians\.more"),
    ],
)
def test_what_is_no_such_section_is_refused(section: dict[str, Any], change: dict[str, Any], said: str) -> None:
    """An artefact may come from anywhere."""
    with pytest.raises(Misconfigured, match=said):
        Usual.parse(section | change, "manifest.json")
