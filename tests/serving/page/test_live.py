"""What a viewer is told: all of it at first, then what is new, and never more than is kept."""

import json
from typing import Any

from support.seeded_page import Seeded, decision

from serving.page.facts import Source, State, flag
from serving.page.live import KEPT, POINTS, Live, Seen, Told


def told(found: list[Told], event: str) -> dict[str, Any] | None:
    return next((json.loads(each.data) for each in found if each.event == event), None)


def test_a_viewer_hears_everything_once() -> None:
    """Who the server is, the state, the flags; then nothing until something differs."""
    live = Live({"program": "test"})
    live.flag(flag(decision(1)))
    found, seen = live.look(Seen())
    assert [each.event for each in found] == ["hello", "state", "flags"]
    assert live.look(seen) == ([], seen)
    live.source("flags", Source(State.OK, "there"))
    found, seen = live.look(seen)
    assert [each.event for each in found] == ["state"]
    live.source("flags", Source(State.OK, "there"))
    assert live.look(seen) == ([], seen)


def test_a_viewer_goes_on_where_it_was() -> None:
    """By the id of the last event it had. One of another server, or no id at all, begins anew."""
    live = Live({}, boot="abc")
    for number in range(3):
        live.flag(flag(decision(number)))
    last = next(each.id for each in live.look(Seen())[0] if each.id)
    live.flag(flag(decision(3)))
    again = told(live.look(live.resume(last))[0], "flags")
    assert again is not None
    assert ([each["event_id"] for each in again["flags"]], again["more"]) == (["e-000003"], False)
    for other in ("", "xyz-2", "abc-", "abc--1", "abc-" + "9" * 40, "abc-²"):
        assert live.resume(other) == Seen()
    assert live.resume("abc-99").flag == 4


def test_what_is_kept_is_bounded() -> None:
    """A viewer that slept gets what is kept and all of the chart, whatever happened meanwhile."""
    seeded = Seeded()
    seen = seeded.live.look(Seen())[1]
    for number in range(KEPT + POINTS):
        seeded.live.flag(flag(decision(number)))
        seeded.round(number, number)
    found, now = seeded.live.look(seen)
    flags, state = told(found, "flags"), told(found, "state")
    assert flags is not None
    assert state is not None
    assert (len(flags["flags"]), len(state["series"])) == (KEPT, POINTS)
    seeded.round(1, 1)
    state = told(seeded.live.look(now)[0], "state")
    assert state is not None
    assert "series" not in state


def test_a_score_that_is_no_number_is_none() -> None:
    """JSON has no word for it."""
    shown = flag(decision(1) | {"score": float("nan")})
    assert shown["score"] is None
    json.dumps(shown, allow_nan=False)
