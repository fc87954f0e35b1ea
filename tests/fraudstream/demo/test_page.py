"""The page beside the demo: fed from the board, and never in the way."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.seeded_page import decision

from fraudstream.demo.board import ScoreBoard
from fraudstream.demo.page import Fed, page
from fraudstream.serving import extra
from schemas.settings import Settings
from serving.page.live import Live, Seen


def heard(live: Live, event: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(next(each.data for each in live.look(Seen())[0] if each.event == event))
    return found


def test_it_tells_what_the_board_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rates over the last rounds, ages, what waits; and of a flag what was true of it."""
    now = [100.0]
    monkeypatch.setattr("fraudstream.demo.page.time.monotonic", lambda: now[0])
    board, live = ScoreBoard(0.0, {"e-000007": "stolen_card"}.get), Live({})
    fed = Fed("http://127.0.0.1:1/", live, board, 1)
    fed.turn()
    for offset in range(30):
        board.ask((0, offset), now[0])
        board.score({"source": {"partition": 0, "offset": offset}, "outcome": "approve", "event_id": ""}, now[0] + 0.02)
    board.ask((0, 30), now[0])
    now[0] += 0.5
    fed.turn()
    assert heard(live, "state")["figures"] is None
    now[0] += 2.5
    fed.turn()
    figures = heard(live, "state")["figures"]
    assert (figures["per_s"], figures["lag_records"], figures["lag_s"]) == (10.0, 1, 3.0)
    assert figures["p99_ms"] == pytest.approx(20)
    fed.flag(decision(7))
    assert heard(live, "flags")["flags"][0]["truth"] == "stolen card"


def test_without_the_extra_the_demo_plays_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One line says what is missing and how to get it."""
    monkeypatch.setattr(extra, "find_spec", lambda _: None)
    with page(Settings(), ScoreBoard(0.0), 1, tmp_path, wanted=True) as (shown, said):
        assert shown.url is None
        assert said.count("\n") == 0
        assert said.startswith("no live page: ")
        assert 'pip install "fraudstream[serve]"' in said
        shown.turn()
        shown.flag(decision(1))


def test_whatever_it_meets_the_demo_plays_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Said in one line as well."""

    def broken() -> None:
        raise OSError("no\nroom")

    monkeypatch.setattr(extra, "needed", broken)
    with page(Settings(), ScoreBoard(0.0), 1, tmp_path, wanted=True) as (shown, said):
        assert (shown.url, said) == (None, "no live page: OSError: no")


def test_it_can_be_left_out(tmp_path: Path) -> None:
    """Then nothing is said of it."""
    with page(Settings(), ScoreBoard(0.0), 1, tmp_path, wanted=False) as (shown, said):
        assert (shown.url, said) == (None, "")
