"""`fraudstream simulate`: made-up transactions, some of them fraud, to Kafka or into a file."""

import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Final

import typer

from fraudstream.commands.options import Bootstrap, Config, Set, moment_ms, settings_from
from fraudstream.commands.progress import progress, to_stderr
from fraudstream.commands.sending import FramingOption, Sending, Topic, encoder_for, publisher_for
from producer.files import STDIN, Format, format_of
from schemas.errors import Usage
from schemas.framing import Framing

if TYPE_CHECKING:
    import pyarrow as pa

    from producer.publish import Event
    from producer.simulate import Simulation
    from schemas.encoding import Encode

USUAL_RATE: Final = 100.0
USUAL_COUNT: Final = 10_000
CHUNK: Final = 2_000
CHUNKS_PER_SECOND: Final = 20
PER_CUSTOMER_AND_DAY: Final = 1.5
FILE_START: Final = "2026-01-01T00:00:00Z"

Count = Annotated[
    int | None, typer.Option("--count", min=1, help=f"How many [until stopped; {USUAL_COUNT:,} into a file].")
]
Seconds = Annotated[float | None, typer.Option("--seconds", min=0.1, help="Stop after so long.")]
Rate = Annotated[
    float | None,
    typer.Option("--rate", min=0.001, help=f"Most per second [{USUAL_RATE:g}; with --count as fast as it goes]."),
]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, help="The same seed gives the same transactions [a new one every time].")
]
Customers = Annotated[int, typer.Option("--customers", min=1, max=1_000_000, help="How many people use their cards.")]
Out = Annotated[str | None, typer.Option("--out", metavar="FILE", help="Write a file instead; - is standard output.")]
FormatOption = Annotated[
    Format | None, typer.Option("--format", help="What FILE will be [by its suffix; jsonl on standard output].")
]
Start = Annotated[
    str | None,
    typer.Option("--start", metavar="TIME", help=f"First event time [now, and always now; {FILE_START} in a file]."),
]


def simulate(
    *,
    count: Count = None,
    seconds: Seconds = None,
    rate: Rate = None,
    seed: Seed = None,
    customers: Customers = 10_000,
    out: Out = None,
    style: FormatOption = None,
    start: Start = None,
    framing: FramingOption = Framing.SINGLE_OBJECT,
    topic: Topic = None,
    bootstrap: Bootstrap = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Make up the transactions of people with habits, about one in a hundred of them fraud, and publish them."""
    seed = secrets.randbelow(2**31) if seed is None else seed
    if out is not None:
        if seconds or rate:
            raise Usage("--seconds and --rate are about sending, and --out sends nothing", fix="give --count instead")
        simulation = _simulation(customers, seed, moment_ms(start or FILE_START, "--start"))
        _to_file(simulation, count or USUAL_COUNT, out, format_of(out, style))
        return
    settings = settings_from(bootstrap, None, config, sets)
    rate = rate if rate or count else USUAL_RATE
    encode = encoder_for(settings, framing, topic)
    sending = Sending(publisher_for(settings, topic, rate), verb="made")
    simulation = _simulation(customers, seed, moment_ms(start, "--start") if start else _now_ms())
    chunks = _chunks(simulation, count, rate, live=start is None)
    with progress(sending.state, _share(sending, count)) as say, suppress(KeyboardInterrupt):
        say(_repeated_by(seed))
        sending.run(_events(_until(seconds, chunks), encode, sending), say)


def _simulation(customers: int, seed: int, start_ms: int) -> "Simulation":
    from producer.population import Population
    from producer.simulate import Simulation

    return Simulation(Population.of(customers), seed, start_ms, max(1, round(customers * PER_CUSTOMER_AND_DAY)))


def _chunks(
    simulation: "Simulation", count: int | None, rate: float | None, *, live: bool
) -> "Iterator[pa.RecordBatch]":
    """Small enough that an event is sent in the moment it is said to happen."""
    from producer.simulate import live as happening_now

    size = CHUNK if rate is None else min(CHUNK, max(1, int(rate / CHUNKS_PER_SECOND)))
    chunks = simulation.chunks(count, size)
    return happening_now(chunks, _now_ms) if live else chunks


def _until(seconds: float | None, chunks: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
    end = None if seconds is None else time.monotonic() + seconds
    for chunk in chunks:
        if end is not None and time.monotonic() >= end:
            return
        yield chunk


def _events(chunks: "Iterator[pa.RecordBatch]", encode: "Encode", sending: Sending) -> "Iterator[Event]":
    from producer.columns import events

    for chunk in chunks:
        sending.read += len(chunk)
        yield from events(chunk, encode)


def _to_file(simulation: "Simulation", count: int, path: str, style: Format) -> None:
    from producer.write import write

    with _created(path) as stream:
        written = write(stream, simulation.chunks(count, CHUNK), style)
    to_stderr(f"wrote {written:,} transactions; {_repeated_by(simulation.seed)}")


@contextmanager
def _created(path: str) -> Iterator[IO[bytes]]:
    if path == STDIN:
        yield sys.stdout.buffer
        return
    try:
        stream = Path(path).open("wb")  # noqa: SIM115 closed below
    except OSError as error:
        raise Usage(f"--out {path}: {error.strerror}", fix="name a file that can be written") from error
    with stream:
        yield stream


def _share(sending: Sending, count: int | None) -> Callable[[], float | None]:
    return lambda: sending.published / count if count else None


def _repeated_by(seed: int) -> str:
    return f"--seed {seed} repeats them"


def _now_ms() -> int:
    return int(time.time() * 1000)
