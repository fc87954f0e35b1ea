"""The same model with new figures is another artefact of the same trees."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from models.artefact.load import load
from models.artefact.restate import restated
from models.artefact.write import write
from schemas.errors import Misconfigured

LATER = datetime(2026, 2, 1, tzinfo=UTC)


def test_new_figures_join_the_old(make: Callable[..., Path], tmp_path: Path, held_back: np.ndarray) -> None:
    """Trees, thresholds, medians and what lies beside the model stay; digest and time are new."""
    before = load(make(extras={"card.md": b"a page"}))
    write(restated(before, {"by_week": [0.1], "evidence": {"rows": 3}}, LATER), tmp_path / "again")
    after = load(tmp_path / "again")
    assert after.manifest.metrics == {"average_precision": 0.71, "by_week": [0.1], "evidence": {"rows": 3}}
    assert after.manifest.content != before.manifest.content
    for name in ("features", "feature_version", "thresholds", "training", "medians", "histograms", "origin"):
        assert getattr(after.manifest, name) == getattr(before.manifest, name)
    assert (tmp_path / "again" / "card.md").read_bytes() == b"a page"
    assert np.array_equal(after.margins(held_back), before.margins(held_back))


def test_what_changed_meanwhile_is_not_restated(make: Callable[..., Path]) -> None:
    """The folder must still be what was loaded."""
    before = load(folder := make())
    (folder / "requirements.txt").write_text("changed")
    with pytest.raises(Misconfigured, match="sha256"):
        restated(before, {}, LATER)
