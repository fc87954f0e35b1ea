import re
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from models.judging.contender import Contender
from models.judging.figures import Report
from models.judging.plots import MOST_POINTS, all_plots
from models.judging.report import judge
from models.judging.rows import Rows
from models.judging.svg import Axis, Frame, document, number, text
from models.judging.thresholds import Costs, Thresholds

Make = Callable[..., Report]
SVG = "{http://www.w3.org/2000/svg}"


def words(drawn: bytes) -> str:
    return "\n".join(each.text or "" for each in ET.fromstring(drawn).iter(f"{SVG}text"))


def test_the_same_numbers_give_the_same_picture(make: Make, rows: Rows, entered: list[Contender]) -> None:
    """Byte by byte, so that a picture can be checked in."""
    assert all_plots(rows, entered, make()) == all_plots(rows, entered, make())


def test_every_picture_says_what_it_shows(make: Make, rows: Rows, entered: list[Contender]) -> None:
    """Well-formed, on white, with a title that has a number, the contenders and both ends of the axes."""
    report = make()
    drawn = all_plots(rows, entered, report)
    assert sorted(drawn) == ["precision_recall.svg", "recall_by_day.svg", "reliability.svg", "thresholds.svg"]
    for name, content in drawn.items():
        tree = ET.fromstring(content)
        background = tree.find(f"{SVG}rect")
        assert background is not None
        assert (background.get("fill"), background.get("width")) == ("#ffffff", tree.get("width"))
        assert re.search(r"\d", tree.get("aria-label") or ""), name
        assert f"{report.data.frauds:,} frauds" in words(content)
    for name in ("precision_recall.svg", "recall_by_day.svg", "reliability.svg"):
        assert {"good", "poor"} <= set(words(drawn[name]).splitlines())
    assert {"review_at", "block_at", "0.3", "0.9"} <= set(words(drawn["thresholds.svg"]).splitlines())
    assert f"{report.first.average_precision:.3f}" in words(drawn["precision_recall.svg"])


def test_lines_have_no_more_points_than_eyes(rows: Rows) -> None:
    """A hundred thousand different scores still make a small file."""
    random = np.random.default_rng(0)
    count = 100_000
    fraud = random.random(count) < 0.1
    big = Rows(fraud, np.ones(count, bool), np.full(count, 100), np.arange(count), 20_500 + np.arange(count) % 7)
    entered = [Contender("model", np.clip(random.random(count) * 0.8 + 0.2 * fraud, 0, 1), Thresholds(0.5, 0.9))]
    for content in all_plots(big, entered, judge(big, entered, Costs(), 0, draws=2)).values():
        for path in ET.fromstring(content).iter(f"{SVG}path"):
            assert len(re.findall(r"[MLH]", path.get("d") or "")) <= MOST_POINTS + 2


@pytest.mark.parametrize("keep", [0, 1])
def test_empty_weeks_can_be_drawn(rows: Rows, keep: int) -> None:
    """Without rows, and without frauds."""
    few = replace(rows.take(np.arange(len(rows)) < 50 * keep), fraud=np.zeros(50 * keep, bool))
    entered = [Contender("model", np.full(len(few), 0.2), Thresholds(0.5, 0.9))]
    for content in all_plots(few, entered, judge(few, entered, Costs(), 0, draws=2)).values():
        ET.fromstring(content)
        assert b"nan" not in content.lower()


def test_names_are_never_markup(rows: Rows) -> None:
    """A contender's name comes from whoever made it."""
    entered = [Contender('<script>alert("x")</script>', np.full(len(rows), 0.2), Thresholds(0.5, 0.9))]
    for content in all_plots(rows, entered, judge(rows, entered, Costs(), 0, draws=2)).values():
        assert b"<script" not in content


@pytest.mark.parametrize(("value", "said"), [(0.0, "0"), (-0.001, "0"), (1.5, "1.5"), (-2.0, "-2"), (100.0, "100")])
def test_numbers_are_short(value: float, said: str) -> None:
    """Two digits, no zeros behind them, no minus of nothing."""
    assert number(value) == said


def test_lines_stop_where_there_is_no_number() -> None:
    """And go on after it; values beyond the ends are drawn at them."""
    axis = Axis("x", 0.0, 1.0, [(0.0, "0")])
    frame = Frame(0, 0, 100, 100, axis, axis)
    drawn = frame.line(np.array([0.0, 0.2, 0.4, 0.6]), np.array([0.0, np.nan, 0.5, 7.0]), 0)
    assert re.findall(r'd="([^"]*)"', drawn) == ["M0 100M40 50L60 0"]
    ET.fromstring(document(10, 10, "a & b", "<under>", [text(1, 1, "x < y")]))
