"""`fraudstream publish`: transactions from a file or standard input to Kafka."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fraudstream.commands.options import Bootstrap, Config, Set, settings_from
from fraudstream.commands.progress import progress, share_read, to_stderr
from fraudstream.commands.sending import FramingOption, Sending, Topic, encoder_for, publisher_for, what_now, written
from producer.files import Format, Rows, format_of, opened
from schemas.errors import Usage
from schemas.framing import Framing

if TYPE_CHECKING:
    from producer.publish import Event
    from producer.rejects import Rejects
    from schemas.encoding import Encode
    from schemas.lot import Checks


class Stamp(StrEnum):
    NOW = "now"
    EVENT = "event"


File = Annotated[str, typer.Argument(help="JSON lines, CSV, Avro or Parquet; - is standard input.", metavar="FILE")]
FormatOption = Annotated[
    Format | None, typer.Option("--format", help="What FILE is [by its suffix; jsonl on standard input].")
]
Rate = Annotated[float | None, typer.Option("--rate", min=0.001, help="Most per second.")]
RejectsFile = Annotated[
    Path | None,
    typer.Option("--rejects", help="Gets each row that cannot be sent as a JSON line: line, reason, detail."),
]
Strict = Annotated[bool, typer.Option("--strict", help="Stop at the first row that cannot be sent.")]
RawLines = Annotated[
    bool, typer.Option("--raw", help="Send each line as it is, unchecked and without a key: to try the dead letters.")
]
Stamped = Annotated[
    Stamp, typer.Option("--timestamp", help="The records' timestamp: the moment of sending, or the event's time.")
]


def publish(
    file: File,
    *,
    style: FormatOption = None,
    framing: FramingOption = Framing.SINGLE_OBJECT,
    rate: Rate = None,
    rejects: RejectsFile = None,
    strict: Strict = False,
    raw: RawLines = False,
    stamp: Stamped = Stamp.NOW,
    topic: Topic = None,
    bootstrap: Bootstrap = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Publish transactions: the good ones are sent, the others are told with their line and reason."""
    from producer.rejects import Rejects
    from schemas.lot import Checks

    settings = settings_from(bootstrap, None, config, sets)
    style = Format.JSONL if raw else format_of(file, style)
    with ExitStack() as stack:
        stream = stack.enter_context(opened(file))
        bad = Rejects(to_stderr, stack.enter_context(written(rejects)) if rejects else None)
        encode = encoder_for(settings, framing, topic)
        sending = Sending(publisher_for(settings, topic, rate), bad)
        bad.say = stack.enter_context(progress(sending.state, share_read(stream)))
        checks = Checks(reject_pans=settings.checks.reject_pans)
        source = Source(stream, style, bad, sending, checks, strict=strict)
        sending.run(source.lines() if raw else source.events(encode, stamp), bad.say)
    if bad.total:
        raise Usage(f"{bad.total:,} of {sending.read:,} rows were not sent", fix=what_now(rejects))


@dataclass(frozen=True, slots=True)
class Source:
    """The file's events; everything read is counted by `sending`."""

    stream: BufferedReader
    style: Format
    rejects: "Rejects"
    sending: Sending
    checks: "Checks"
    strict: bool

    def lines(self) -> "Iterator[Event]":
        from producer.lines import Lines
        from producer.publish import Event

        for line in Lines(self.stream):
            self.sending.read += 1
            yield Event(None, line)

    def events(self, encode: "Encode", stamp: Stamp) -> "Iterator[Event]":
        from producer.accept import accepted
        from producer.columns import events

        for batch in accepted(self._rows(), self.style, self.rejects, self.checks, strict=self.strict):
            yield from events(batch, encode, stamp_event_time=stamp is Stamp.EVENT)

    def _rows(self) -> Iterator[Rows]:
        from producer.rows import rows_of

        for rows in rows_of(self.stream, self.style, self.rejects.say):
            self.sending.read += len(rows)
            yield rows
