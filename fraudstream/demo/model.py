"""The model that plays: the one that ships with the package, or one that is trained before the viewer's eyes.

The shipped one was trained on simulated people by `python -m fraudstream.demo.remake`.
"""

import json
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from fraudstream.demo.training import Lesson, learn
from models.judging.contender import RULES_ONLY
from models.judging.figures import Report
from models.judging.tables import figure, percent, rate
from models.policies.policies import Policies
from models.policies.policy_file import PolicyFile
from models.registry.by import By
from models.registry.gates import GATES
from models.registry.intake import take_in
from models.registry.registry import Registry
from models.training.parts import REPORT
from schemas.errors import Misconfigured
from schemas.settings import Settings

NAME: Final = "fraud"
SHIPPED: Final = Path(__file__).parent / "shipped"
ARTEFACT: Final = "artefact"
POLICY: Final = "policy.json"
DIGEST: Final = "digest"
"""File with the content digest of the artefact."""
LESSON: Final = Lesson(customers=2_000, days=93, seed=12, options=("--folds", "1"))


def install(settings: Settings, shipped: Path = SHIPPED) -> None:
    """The shipped one and its policy into the registry. Raises Misconfigured where another one lies there."""
    registry, by = _registry(settings), _by("ships with the package")
    try:
        model = take_in(registry, NAME, shipped / ARTEFACT, by)
    except Misconfigured as error:
        raise Misconfigured(
            error.message, fix="train one with the packages that are installed here: --train"
        ) from error
    if model.digest != (wanted := (shipped / DIGEST).read_text().strip()):
        raise Misconfigured(
            f"the model in {shipped} is {model.digest}, not {wanted}", fix="install the package again: it is damaged"
        )
    policies = Policies(registry)
    stored = policies.add(str(model), PolicyFile.parse((shipped / POLICY).read_bytes()), by)
    policies.promote(str(stored.entry), by)


def train(environment: Mapping[str, str], lesson: Lesson = LESSON) -> None:
    """A new one and its policy into the registry; what the commands say meanwhile is for the viewer."""
    with tempfile.TemporaryDirectory(prefix="fraudstream-demo-") as folder:
        learn(lesson, Path(folder), environment, "--name", NAME)


def promoted(settings: Settings) -> Report:
    """The newest one is live from here on, if it passes the gates; NotPromoted names the one that refuses."""
    registry = _registry(settings)
    entry = registry.promote(f"models:/{NAME}/latest", _by("for the demo"), gates=GATES)
    loaded = registry.load(f"models:/{entry.name}/{entry.version}")
    return Report.from_bytes(json.dumps(loaded.manifest.metrics[REPORT]).encode())


def show(report: Report, console: Console) -> None:
    """The few figures that say most, beside those of the rules alone."""
    table = Table(box=None, header_style="cyan", title_justify="left", title_style="bold")
    table.title = f"judged on {report.data.days} simulated days that it had not seen, {report.data.rows:,} transactions"
    for place, name in enumerate(("model", "average precision", "recall", "false positives", "alerts a day")):
        table.add_column(name, justify="right" if place else "left", no_wrap=True)
    for each in (report.first, *(each for each in report.contenders if each.name == RULES_ONLY)):
        level = each.review
        cells = (figure(each.average_precision), figure(level.tally.recall), percent(level.tally.fpr))
        table.add_row(NAME if each is report.first else each.name, *cells, rate(level.alerts_per_day))
    console.print(table)


def _registry(settings: Settings) -> Registry:
    return Registry(settings.models.root.expanduser(), settings.models.trusted)


def _by(why: str) -> By:
    return By("demo", why, datetime.now(UTC))
