from collections.abc import Callable

import numpy as np

from models.judging.contender import accept_all
from models.judging.figures import Report
from models.judging.report import judge
from models.judging.rows import Rows
from models.judging.tables import tables
from models.judging.thresholds import Costs

Make = Callable[..., Report]


def test_tables_are_rectangles_of_words(make: Make) -> None:
    """One cell per column; the first contender first."""
    made = tables(make())
    assert [table.title for table in made][:2] == ["Contenders", "At the thresholds"]
    for table in made:
        assert {len(row) for row in table.rows} == {len(table.head)}
        assert all(isinstance(cell, str) and cell for row in table.rows for cell in row)
    assert [row[0] for row in made[0].rows] == ["good", "poor", "accept all"]


def test_what_does_not_exist_has_no_table() -> None:
    """No scenarios, no choices, no leads, no weeks: no empty tables of them."""
    rows = Rows(np.zeros(3, bool), np.ones(3, bool), np.ones(3, int), np.arange(3), np.zeros(3, int))
    titles = [table.title for table in tables(judge(rows, [accept_all(3)], Costs(), 0, draws=2))]
    assert titles == ["Contenders", "At the thresholds", "By amount", "Intervals"]


def test_one_that_never_blocks_has_one_level(make: Make) -> None:
    """Its threshold reads never."""
    found = [row for row in tables(make())[1].rows if row[0] == "accept all"]
    assert [(row[1], row[2]) for row in found] == [("review", "never")]
