from typing import Any

from fraudstream.demo.board import ScoreBoard
from fraudstream.demo.verdict import Verdict


def decision(offset: int, outcome: str = "approve", event: str = "") -> dict[str, Any]:
    return {"source": {"partition": 0, "offset": offset}, "outcome": outcome, "event_id": event or f"e{offset}"}


def test_an_age_is_from_seeing_the_question_to_seeing_the_answer() -> None:
    """An answer that is read first has taken no time that could be seen."""
    board = ScoreBoard(0.0)
    board.ask((0, 0), 10.0)
    assert board.oldest(10.5) == 0.5
    board.score(decision(0), 10.25)
    board.score(decision(1), 11.0)
    board.ask((0, 1), 11.5)
    assert list(board.ages_s) == [0.25, 0.0]
    assert board.age(1.0) == 250.0
    assert board.oldest(99.0) == 0.0


def test_what_is_doubled_or_out_of_order_is_counted() -> None:
    """Neither is clean, nor is what is missing or wrong."""
    board = ScoreBoard(0.0)
    for offset in (0, 2, 1, 2):
        board.score(decision(offset), 1.0)
    assert (board.scored, board.doubled, board.disordered) == (3, 1, 1)
    assert not Verdict(board, 3).clean
    assert "4 transactions, 3 answered, 0 flagged: 1 lost, 1 doubled, 1 out of order; no flag" in str(Verdict(board, 4))
    good = ScoreBoard(0.0)
    good.score(decision(0), 1.0)
    assert [Verdict(good, *given).clean for given in ((1, None), (1, 0), (2, 0), (1, 1))] == [True, True, False, False]


def test_flags_are_held_against_the_truth() -> None:
    """Frauds that were flagged, all frauds, and what was flagged though genuine."""
    board = ScoreBoard(0.0, {"stolen": "stolen_card", "missed": "stolen_card"}.get)
    for offset, (event, outcome) in enumerate((("stolen", "block"), ("missed", "approve"), ("fine", "review"))):
        board.score(decision(offset, outcome, event), 1.0)
    assert board.told_truth == "1 of 2 frauds caught, 1 false alarms"
