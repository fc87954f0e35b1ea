import numpy as np

from models.judging.bootstrap import day_interval


def test_the_same_seed_draws_the_same_days() -> None:
    """An interval can be printed again."""
    day, value = np.repeat(np.arange(10), 50), np.random.default_rng(0).random(500)
    first, second = (day_interval(day, lambda rows: float(value[rows].mean()), seed=3) for _ in range(2))
    assert first == second
    assert first.low < first.middle < first.high


def test_days_are_drawn_whole() -> None:
    """Rows of one day come together or not at all."""
    day = np.array([5, 7, 5, 7, 7, 9])
    drawn: list[np.ndarray] = []

    def figure(rows: np.ndarray) -> float:
        drawn.append(np.bincount(rows, minlength=6))
        return 0.0

    day_interval(day, figure, seed=1, draws=50)
    for counts in drawn:
        assert counts[0] == counts[2]
        assert counts[1] == counts[3] == counts[4]


def test_days_that_differ_widen_the_interval() -> None:
    """Five hundred rows of ten different days are ten observations, not five hundred."""
    random = np.random.default_rng(4)
    level = random.normal(0, 1, 10)
    day = np.repeat(np.arange(10), 50)
    value = level[day] + random.normal(0, 0.01, 500)
    by_day = day_interval(day, lambda rows: float(value[rows].mean()), seed=0)
    by_row = day_interval(np.arange(500), lambda rows: float(value[rows].mean()), seed=0)
    assert by_day.high - by_day.low > 3 * (by_row.high - by_row.low)
