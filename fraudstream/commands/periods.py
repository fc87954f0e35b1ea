"""From when until when something holds, in event time, as it is said on a command line."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from fraudstream.commands.options import moment_ms, span_ms
from schemas.errors import Usage

From = Annotated[str | None, typer.Option("--from", metavar="TIME", help="Event time from which it holds [now].")]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Event time at which it ends.")]
For = Annotated[str | None, typer.Option("--for", metavar="SPAN", help="Its length instead of --until: 30d, 12h, 90m.")]


def period(start: str | None, until: str | None, length: str | None, now_ms: int) -> tuple[int, int]:
    """In milliseconds. What is written down are these two numbers: no clock is looked at when transactions come."""
    if (until is None) == (length is None):
        raise Usage("nothing says when it ends", fix="give one of --until TIME and --for 30d")
    begin = now_ms if start is None else moment_ms(start, "--from")
    end = moment_ms(until, "--until") if until is not None else begin + span_ms(length or "", "--for")
    if end <= begin:
        raise Usage(
            f"it would end {moment(end)}, before it begins {moment(begin)}", fix="say --from where it is in the past"
        )
    return begin, end


def now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


def moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
