import os
import threading
from io import BytesIO

import pytest

from producer.lines import READ_BYTES, Lines


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\n", [b"a"]),
        (b"a\n\nb", [b"a", b"", b"b"]),
        (b"a\r\nb\r\n", [b"a\r", b"b\r"]),
        (b"\n", [b""]),
        (b"x" * READ_BYTES + b"y\nz", [b"x" * READ_BYTES + b"y", b"z"]),
    ],
)
def test_splits_at_line_feeds_alone(data: bytes, lines: list[bytes]) -> None:
    """Every byte but the line feeds comes out again, also lines longer than one read."""
    assert list(Lines(BytesIO(data))) == lines


def test_numbers_and_drained() -> None:
    """Lines are counted from 1, and it is known whether another one is at hand."""
    lines = Lines(BytesIO(b"a\nb\nc"))
    seen = [(line, lines.number, lines.drained) for line in lines]
    assert seen == [(b"a", 1, False), (b"b", 2, True), (b"c", 3, True)]


def test_a_slow_writer_is_not_waited_for() -> None:
    """A line in a pipe is there at once, while its writer still holds the pipe open."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream, os.fdopen(writing, "wb", buffering=0) as sink:
        sink.write(b"first\nsec")
        lines = Lines(stream)
        assert (next(lines), lines.drained) == (b"first", True)
        later = threading.Timer(0.1, sink.write, (b"ond\n",))
        later.start()
        assert next(lines) == b"second"
        later.join()
