"""Nothing that a user can set, see or be told is without a word about it."""

import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from consumer import metrics
from models import rules
from models.feature_list import FEATURES
from schemas import headers
from schemas.contracts import VERSIONS
from schemas.framing import Framing
from schemas.settings import leaves
from schemas.topics import RULES
from schemas.verdicts import Mark, Reason
from serving import metrics as door

pytestmark = pytest.mark.usefixtures("generate")


def headings(path: Path) -> set[str]:
    return set(re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE))


def first_cells(path: Path) -> set[str]:
    """What the rows of the page's tables begin with."""
    return set(re.findall(r"^\| `([^`]+)` \|", path.read_text("utf-8"), re.MULTILINE))


def test_settings(docs: Path) -> None:
    """Each setting has a heading, its variable, its kind and a sentence."""
    text = (docs / "settings.md").read_text("utf-8")
    assert {leaf.path for leaf in leaves()} <= headings(docs / "settings.md")
    for leaf in leaves():
        assert f"`{leaf.env}` · {leaf.type} · default " in text
        assert leaf.doc
        assert f"\n{leaf.doc}\n" in text


def test_secrets_are_marked(docs: Path) -> None:
    """A setting that is a secret says so, and no other does."""
    found = re.findall(r"^`(\w+)` · .* · \*\*secret\*\*$", (docs / "settings.md").read_text("utf-8"), re.MULTILINE)
    assert found
    assert found == [leaf.env for leaf in leaves() if leaf.secret]


def test_metrics(docs: Path) -> None:
    """Each metric of the scorer's registry and of the door's has a row, under the name that Prometheus shows."""
    every = [*metrics.REGISTRY.collect(), *door.REGISTRY.collect()]
    shown = {each.name + "_total" * (each.type == "counter") for each in every}
    assert shown
    assert shown == first_cells(docs / "metrics.md")


def test_metrics_have_advice(generate: ModuleType) -> None:
    """Whoever meets a metric reads what it is like when all is well, in whole sentences."""
    advice = import_module("pages.advice").ADVICE
    assert set(advice) == {each.name for each in (*metrics.REGISTRY.collect(), *door.REGISTRY.collect())}
    assert [name for name, words in advice.items() if not words.endswith(".")] == []


def test_alerts(docs: Path, generate: ModuleType) -> None:
    """Each alert has a heading below the metrics, and says what to do."""
    alerts = import_module("pages.metrics").alerts()
    assert alerts
    assert {each["alert"] for each in alerts} <= headings(docs / "metrics.md")


def test_events(docs: Path, generate: ModuleType) -> None:
    """Every event that scorer or door log has a row and a whole sentence; none is explained that is not logged."""
    events = import_module("pages.events")
    logged = {each.name for each in events.said()}
    assert {"slot.died", "records.refused", "labels.stalled"} <= logged
    assert logged == set(events.EVENTS)
    assert logged == first_cells(docs / "events.md")
    assert [name for name, words in events.EVENTS.items() if not words.endswith(".")] == []


def test_no_event_is_overlooked(root: Path, generate: ModuleType) -> None:
    """Every text of the room that looks like an event's name and stands where one is logged was found."""
    pattern = re.compile(r"""(?:\blog\.\w+|\bsaid|\bNotices)\(\s*"([a-z_]+\.[a-z_]+)\"""", re.DOTALL)
    rooms = [*(root / "consumer").rglob("*.py"), *(root / "serving").rglob("*.py")]
    found = {name for path in rooms for name in pattern.findall(path.read_text("utf-8"))}
    assert len(found) > 30
    assert found <= {each.name for each in import_module("pages.events").said()}


def test_commands(docs: Path) -> None:
    """Each command has a heading, and below it each of its options."""
    sections = re.split(r"^## ", (docs / "cli.md").read_text("utf-8"), flags=re.MULTILINE)
    by_title = {section.partition("\n")[0]: section for section in sections}
    for path, command in import_module("pages.cli").commands():
        section = by_title[" ".join(("fraudstream", *path))]
        assert command.help
        for parameter in command.params:
            assert parameter.hidden or all(option in section for option in parameter.opts if option.startswith("-"))


def test_reasons(docs: Path) -> None:
    """Each reason for a dead letter is a heading, so that its name is the anchor."""
    assert {reason.value for reason in Reason} <= headings(docs / "dead-letters.md")
    assert set(import_module("pages.meanings").REASONS) == set(Reason)


def test_dead_letter_headers(docs: Path) -> None:
    """Each header that a dead letter may carry has a row."""
    ours = {value for name, value in vars(headers).items() if name.startswith("DLQ_")} | {headers.REPLAYED_FROM}
    assert ours == first_cells(docs / "dead-letters.md")


def test_decision_headers(docs: Path) -> None:
    """Each header that a decision may carry is named."""
    text = (docs / "topics.md").read_text("utf-8")
    ours = [value for name, value in vars(headers).items() if name.startswith(("CE_", "CONTENT_"))]
    assert ours
    assert [each for each in (*ours, *headers.TRACE) if f"`{each}`" not in text] == []


def test_meanings_are_sentences(generate: ModuleType) -> None:
    """Whoever meets a reason or a mark reads what it means and what to do, in whole sentences."""
    meanings = import_module("pages.meanings")
    for meaning in (*meanings.REASONS.values(), *meanings.MARKS.values()):
        assert meaning.what.endswith(".")
        assert meaning.do.endswith(".")


@pytest.mark.parametrize(
    "names",
    [
        pytest.param([name for mark in Mark for name in mark.names()], id="marks"),
        pytest.param([rule.code for rule in rules.RULES], id="rules"),
        pytest.param([feature.name for feature in FEATURES], id="features"),
        pytest.param([rule.name for rule in RULES], id="topics"),
        pytest.param(list(Framing), id="framings"),
    ],
)
def test_vocabularies(docs: Path, names: list[str]) -> None:
    """Each mark, rule, feature, topic and framing has a row."""
    assert names
    assert set(names) <= first_cells(docs / "topics.md")


def test_contracts(docs: Path) -> None:
    """Each version has a heading and its fingerprint, each field a row, on its own or with those of its record."""
    page = docs / "topics.md"
    cells = first_cells(page)
    tops = {cell.partition(".")[0] for cell in cells}
    for contract in VERSIONS:
        assert f"{contract.name.title()} v{contract.version}" in headings(page)
        assert contract.fingerprint.hex(" ").upper() in page.read_text("utf-8")
        assert {field["name"] for field in contract.schema["fields"]} <= tops
