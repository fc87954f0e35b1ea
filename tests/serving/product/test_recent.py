"""The window of recent flags."""

from typing import Any

from serving.product.recent import Window


def flag(number: int, card: str = "c") -> dict[str, Any]:
    source = {"topic": "t", "partition": 2, "offset": number}
    return {"event_id": f"e{number}", "card_id": card, "reasons": ["amount_high"], "features": [1.0], "source": source}


def ids(window: Window, card: str | None = None, most: int = 10) -> list[str]:
    found = window.recent(card, most)
    assert found is not None
    return [each["event_id"] for each in found.flags]


def test_nothing_is_known_before_the_topic_could_be_read() -> None:
    """No list is not an empty one."""
    window = Window(3)
    assert window.recent(None, 10) is None
    window.begin(7)
    found = window.recent(None, 10)
    assert found is not None
    assert (found.since_ms, found.current, found.flags) == (7, True, [])


def test_the_newest_come_first_and_the_oldest_leave() -> None:
    """Since when everything is known moves with what left."""
    window = Window(3)
    window.begin(5)
    for number in range(5):
        window.add(0, number, 100 + number, flag(number, "ab"[number % 2]))
    assert ids(window) == ["e4", "e3", "e2"]
    assert ids(window, "a") == ["e4", "e2"]
    assert ids(window, "a", 1) == ["e4"]
    found = window.recent(None, 1)
    assert found is not None
    assert found.since_ms == 102
    assert found.flags[0]["sentences"]
    assert "features" not in found.flags[0]


def test_what_is_read_again_counts_once() -> None:
    """After a break the reader goes back a little; a broker that is away is said."""
    window = Window(9)
    window.begin(0)
    window.add(0, 4, 1, flag(4))
    window.add(1, 4, 1, flag(14))
    window.away()
    found = window.recent(None, 9)
    assert found is not None
    assert not found.current
    window.begin(1)
    for offset in (4, 5):
        window.add(0, offset, 2, flag(offset))
    assert ids(window) == ["e5", "e14", "e4"]
    assert window.last_ms == 2
    again = window.recent(None, 9)
    assert again is not None
    assert (again.since_ms, again.current) == (0, True)


def test_where_a_flagged_transaction_is() -> None:
    """So that nobody has to search the log for it."""
    window = Window(2)
    for number in range(3):
        window.add(0, number, number, flag(number))
    assert window.place("e2") == (2, 2)
    assert window.place("e0") is None
