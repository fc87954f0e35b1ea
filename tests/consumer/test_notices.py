from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from consumer.notices import Notices

Lines = list[dict[str, object]]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def lines() -> Iterator[Lines]:
    with capture_logs() as captured:
        yield captured


def test_the_first_is_said_at_once(lines: Lines) -> None:
    """Whoever looks at the log sees a new kind of trouble when it begins."""
    Notices("records.refused", Clock()).hear({"truncated": 3, "empty": 0})
    assert [(line["kind"], line["records"]) for line in lines] == [("truncated", 3)]


def test_a_flood_is_one_line_a_minute(lines: Lines) -> None:
    """However many lots have them; the line says how many there were since the last."""
    clock = Clock()
    notices = Notices("records.refused", clock)
    for _ in range(600):
        notices.hear({"truncated": 2})
        clock.now += 0.1
    notices.hear({"truncated": 2})
    assert [line["records"] for line in lines] == [2, 1200]


def test_kinds_do_not_hide_each_other(lines: Lines) -> None:
    """A second kind is said at once, though the first has been said this minute."""
    notices = Notices("records.marked", Clock())
    notices.hear({"key_missing": 1})
    notices.hear({"card_number": 1})
    assert [line["kind"] for line in lines] == ["key_missing", "card_number"]
