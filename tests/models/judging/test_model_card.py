import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from models.judging.figures import About, Report
from models.judging.model_card import model_card

Make = Callable[..., Report]
UNSHOWN = re.compile(
    r"^format$|\.threshold$|\.middle$|\.(tp|fp|fn|tn)$|missed_minor|^about\.labels$"
    r"|prequential\.folds|\.critical\.(?!recall)|^contenders\.[12]\.(calibration|scenarios)|^data\.known$"
    r"|^choices\.\d+\.(review|block)\.(value|critical|attainable|tally\.(mcc|f1|accuracy|fpr))"
    r"|^choices\.\d+\.block\.tally|^choices\.\d+\.review\.critical|^contenders\.2\.block|leads\.\d+\.precision"
    r"|^leads\.\d+\.alerts|^contenders\.\d\.cards\.called"
)
"""What is in the report and not on the page."""


def leaves(said: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(said, dict | list):
        for key, value in said.items() if isinstance(said, dict) else enumerate(said):
            yield from leaves(value, (*path, key))
    elif isinstance(said, int | float) and not isinstance(said, bool):
        yield path


def changed(said: Any, path: tuple[str | int, ...]) -> Any:
    if not path:
        return said + 60_000 * 60_000 if isinstance(said, int) and said > 10**9 else said + 1
    copy = said.copy()
    copy[path[0]] = changed(said[path[0]], path[1:])
    return copy


def test_every_number_is_the_reports(make: Make) -> None:
    """Changing a number of the report changes the page, for all of those that it shows."""
    report = make()
    facts, card = report.facts(), model_card(report)
    shown = [path for path in leaves(facts) if not UNSHOWN.search(".".join(map(str, path)))]
    assert len(shown) > 120
    for path in shown:
        other = Report.model_validate_json(json.dumps(changed(facts, path)))
        assert model_card(other) != card, path


def test_the_card_says_where_everything_comes_from(make: Make, about: About) -> None:
    """Data, dates, command, digests, what it is for and not for."""
    card = model_card(make())
    for said in (
        "# models:/fraud/3",
        "**For**",
        "**Not for**",
        "simulated, with ground truth",
        "`transactions.parquet`",
        "123,456 and 23,456",
        "7 days",
        "98,765 transactions, 876 frauds",
        "2026-02-16 00:00 to before 2026-02-23 00:00",
        "fraudstream train transactions.parquet",
        "`ab12`",
        "The data is simulated",
        "cost (live)",
        "card\\_testing",
    ):
        assert said in card
    own = model_card(make(about=about.model_copy(update={"simulated": False})))
    assert "the user's own" in own
    assert "The data is simulated" not in own


def test_what_is_not_given_is_not_known(make: Make) -> None:
    """Nothing is made up."""
    card = model_card(make(about=About()))
    assert "| origin | not known |" in card
    assert "gaps" not in card
    assert "console" not in card


@pytest.mark.parametrize("name", ["a|b", "x\n# y", "<b>", "`code`", "[a](b)"])
def test_names_are_never_markup(make: Make, about: About, name: str) -> None:
    """A name with bars or lines in it breaks no table and makes no heading."""
    report = make(about=about.model_copy(update={"model": name, "label_delay": name}))
    plain, card = model_card(make()), model_card(report)
    assert len(card.splitlines()) == len(plain.splitlines())
    assert [line for line in card.splitlines() if line.startswith("##")] == [
        line for line in plain.splitlines() if line.startswith("##")
    ]
    assert "<b>" not in card


def test_every_row_has_as_many_cells_as_its_head(make: Make) -> None:
    """Tables that readers and programs take."""
    widths: list[int] = []
    for line in model_card(make()).splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line))
        if not line.startswith("|"):
            widths = []
            continue
        widths.append(cells)
        assert cells == widths[0], line
