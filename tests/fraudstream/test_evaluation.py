"""What a report says on a terminal and in a file."""

import io

import numpy as np
import pytest
from rich.console import Console

from fraudstream import evaluation
from models.judging.contender import Contender, accept_all
from models.judging.figures import Report
from models.judging.report import Choice, judge
from models.judging.rows import Rows
from models.judging.thresholds import Costs, Thresholds


@pytest.fixture(scope="module")
def report() -> Report:
    """Of many transactions, large amounts and a long name."""
    random, count = np.random.default_rng(0), 120_000
    fraud = random.random(count) < 0.01
    score = 1 / (1 + np.exp(-(random.normal(-3, 1.5, count) + 3 * fraud)))
    scenario = np.where(fraud, "compromised_terminal", None).astype(object)
    rows = Rows(
        fraud=fraud,
        known=random.random(count) > 0.05,
        amount=random.integers(0, 200_000, count),
        card=random.integers(0, 5_000, count),
        day=20_500 + np.arange(count) % 7,
        scenario=scenario,
        attainable=fraud,
    )
    at = Thresholds(0.01, 0.9)
    entered = [Contender("[bold]a name that goes on and on", score, at), accept_all(count)]
    return judge(rows, entered, Costs(), 0, choices=[Choice("budget", at, 10_000, live=True)], draws=20)


def drawn(report: Report, width: int = 100) -> str:
    out = io.StringIO()
    evaluation.draw(report, Console(file=out, width=width, force_terminal=False))
    return out.getvalue()


def test_it_fits_a_hundred_columns(report: Report) -> None:
    """Drawn or plain, with nothing cut off but long names."""
    plain = evaluation.render(report)
    assert max(map(len, plain.splitlines())) <= evaluation.WIDTH
    cells = [word for line in drawn(report).splitlines() for word in line.split()]
    assert {word for word in cells if word.endswith("…")} == {"th…", "compromised_ter…"}


def test_both_say_the_same(report: Report) -> None:
    """Every table with every figure; names are shown as they are."""
    plain, rich = evaluation.render(report), drawn(report)
    for said in ("Contenders", "By scenario", "Lead at equal alerts", "[bold]a name th…", "budget (live)"):
        assert said in plain
        assert said in rich
    assert set(plain.split()) == set(rich.split())


def test_a_file_gets_plain_lines(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    """And the same ones each time."""
    evaluation.show(report)
    assert capsys.readouterr().out == f"{evaluation.render(report)}\n"
