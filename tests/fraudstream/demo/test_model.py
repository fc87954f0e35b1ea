import shutil
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from consumer.deciding.live import chosen
from fraudstream.demo import model
from fraudstream.demo.stage import POLICY_SETTINGS, as_environment
from fraudstream.demo.training import Lesson
from models.registry.registry import Registry
from schemas.errors import Misconfigured
from schemas.settings import Settings, load

MOST_BYTES = 2_000_000


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(POLICY_SETTINGS | {"models.root": str(tmp_path / "models")})


def test_the_shipped_model_decides_under_the_settings_of_the_demo(settings: Settings) -> None:
    """It is the one whose digest ships with it, passes every gate, has its policy live, and is small."""
    model.install(settings)
    output = StringIO()
    model.show(model.promoted(settings), Console(file=output, width=100))
    decider = chosen(settings)
    wanted = (model.SHIPPED / model.DIGEST).read_text().strip()
    assert decider.model.digest == wanted[: len(decider.model.digest)]
    assert decider.named is not None
    assert 0.0 < decider.thresholds.review_at < decider.thresholds.block_at < 1.0
    assert sum(each.stat().st_size for each in model.SHIPPED.rglob("*") if each.is_file()) < MOST_BYTES
    assert "alerts a day" in output.getvalue()
    assert "rules only" in output.getvalue()


def test_another_model_in_its_place_is_refused(settings: Settings, tmp_path: Path) -> None:
    """The message says that the package is damaged, or what to do where this machine cannot load it."""
    shipped = shutil.copytree(model.SHIPPED, tmp_path / "shipped")
    (shipped / model.DIGEST).write_text("0" * 64)
    with pytest.raises(Misconfigured, match="not 0000"):
        model.install(settings, shipped)
    (shipped / model.ARTEFACT / "golden.json").write_text("{}")
    with pytest.raises(Misconfigured) as refused:
        model.install(settings, shipped)
    assert "--train" in str(refused.value)


def test_what_is_trained_is_registered_with_its_policy(settings: Settings, tmp_path: Path) -> None:
    """By the commands that a user types, on files that are gone afterwards."""
    few = Lesson(customers=200, days=93, seed=12, options=("--folds", "1"))
    environment = as_environment(POLICY_SETTINGS | {"models.root": str(tmp_path / "models")})
    model.train(environment, few)
    entries = Registry(settings.models.root).read().entries
    assert [(each.kind, each.action) for each in entries].count(("model", "register")) == 1
    assert [(each.kind, each.action) for each in entries].count(("policy", "promote")) == 1
