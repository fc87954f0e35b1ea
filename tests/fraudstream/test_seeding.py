"""When the log begins, as a seed takes it, by the answers of a client."""

import pytest
from support.retained import Log

from fraudstream import seeding
from fraudstream.doctor.offsets import Span
from schemas.settings import Settings


@pytest.mark.parametrize("written_ms", [1_767_571_259_999, 1_767_571_200_000, 0])
def test_the_log_begins_when_its_oldest_record_was_written(written_ms: int) -> None:
    """Not a moment sooner: of what happened between the seed and then nothing is known."""
    log = Log({0: {7: written_ms, 8: written_ms + 60_000}, 1: {0: written_ms + 5}})
    spans = {0: Span(7, 9), 1: Span(0, 1), 2: Span(3, 3)}
    assert seeding._log_since(Settings(), log, spans) == written_ms  # type: ignore[arg-type]
