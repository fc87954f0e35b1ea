"""Lengths of time as people write them."""

import pytest

from schemas.durations import milliseconds


@pytest.mark.parametrize(
    ("text", "found"),
    [("7d", 604_800_000), ("36h", 129_600_000), ("15m", 900_000), (" 60s ", 60_000), ("500ms", 500), ("0d", 0)],
)
def test_a_number_and_its_unit(text: str, found: int) -> None:
    """Spaces around it do no harm."""
    assert milliseconds(text) == found


@pytest.mark.parametrize("text", ["", "7", "d", "1.5d", "-1d", "7 d", "1w", "1h30m", "٣d"])
def test_everything_else_is_none(text: str) -> None:
    """It is not guessed."""
    with pytest.raises(ValueError, match="a whole number with its unit"):
        milliseconds(text)
