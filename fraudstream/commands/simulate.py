"""`fraudstream simulate`: made-up transactions and the verdicts on them, to Kafka or into files."""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import typer

from fraudstream.commands.options import Bootstrap, Config, Set, moment_ms, settings_from
from fraudstream.commands.outlets import File, Outlet, file_outlet, is_file, label_topic
from fraudstream.commands.progress import progress, to_stderr
from fraudstream.commands.sending import FramingOption, Sending, Topic, encoder_for, publisher_for
from producer.files import Format
from schemas.errors import Usage
from schemas.framing import Framing

if TYPE_CHECKING:
    from producer.publish import Event
    from producer.simulate import Simulation, Step
    from schemas.encoding import Encode

USUAL_RATE: Final = 100.0
USUAL_COUNT: Final = 10_000
CHUNK: Final = 2_000
CHUNKS_PER_SECOND: Final = 20
DAY_MS: Final = 86_400_000
WARMED_UP: Final = "the warm-up is over:"
FILE_START: Final = "2026-01-01T00:00:00Z"

Count = Annotated[
    int | None, typer.Option("--count", min=1, help=f"How many [until stopped; {USUAL_COUNT:,} into a file].")
]
DaysOption = Annotated[
    int | None,
    typer.Option("--days", min=1, max=3_660, help="The transactions of so many days, up to now or from --start."),
]
Seconds = Annotated[float | None, typer.Option("--seconds", min=0.1, help="Stop after so long.")]
Rate = Annotated[
    float | None,
    typer.Option(
        "--rate", min=0.001, help=f"Most per second [{USUAL_RATE:g}; with --count or --days as fast as it goes]."
    ),
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
LabelsOut = Annotated[
    str | None,
    typer.Option("--labels-out", metavar="FILE|TOPIC", help="Gets the verdicts, each when it is known."),
]
TruthOut = Annotated[
    str | None,
    typer.Option("--truth-out", metavar="FILE", help="Gets what is true of each event: event_id, is_fraud, scenario."),
]
WarmUp = Annotated[
    int | None,
    typer.Option("--warm-up", metavar="DAYS", min=1, max=3_660, help="So many days at full speed before --rate holds."),
]
FraudMix = Annotated[
    str | None,
    typer.Option("--fraud-mix", metavar="NAME=SHARE,…", help="What the fraud is made of: card_testing, stolen_card, …"),
]


Files = Sequence[tuple[str | None, File, Format | None]]
"""Path, contents, format if told."""


def simulate(
    *,
    count: Count = None,
    days: DaysOption = None,
    seconds: Seconds = None,
    rate: Rate = None,
    warm_up: WarmUp = None,
    seed: Seed = None,
    customers: Customers = 10_000,
    fraud_mix: FraudMix = None,
    out: Out = None,
    style: FormatOption = None,
    labels_out: LabelsOut = None,
    truth_out: TruthOut = None,
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
        if seconds or rate or warm_up:
            said = "--seconds, --rate and --warm-up are about sending, and --out sends nothing"
            raise Usage(said, fix="give --count or --days instead")
        simulation = _simulation(customers, seed, moment_ms(start or FILE_START, "--start"), fraud_mix)
        files = ((out, File.TRANSACTIONS, style), (labels_out, File.LABELS, None), (truth_out, File.TRUTHS, None))
        _to_files(simulation, count if count or days else USUAL_COUNT, days, files)
        return
    now = start is None and days is None
    if now and warm_up:
        raise Usage("--warm-up sends days that are past, and without --start all happens now", fix="give --start too")
    simulation = _simulation(customers, seed, _begin_ms(start, days), fraud_mix)
    settings = settings_from(bootstrap, None, config, sets)
    rate = rate if rate or ((count or days) and not warm_up) else USUAL_RATE
    pace_from = simulation.start_ms + warm_up * DAY_MS if warm_up else None
    with ExitStack() as stack:
        others = [stack.enter_context(file_outlet(truth_out, File.TRUTHS, simulation))] if truth_out else []
        if labels_out and is_file(labels_out):
            others.append(stack.enter_context(file_outlet(labels_out, File.LABELS, simulation)))
        elif labels_out:
            others.append(stack.enter_context(label_topic(settings, labels_out, framing, simulation, stamped=not now)))
        encode = encoder_for(settings, framing, topic)
        sending = Sending(publisher_for(settings, topic, None if warm_up else rate), verb="made")
        steps = _steps(simulation, count, days, rate, pace_from, labelled=bool(labels_out), now=now)
        steps = _until(seconds, steps, pace_from)
        say = stack.enter_context(progress(sending.state, _share(sending, count)))
        stack.enter_context(suppress(KeyboardInterrupt))
        say(_repeated_by(seed))
        if rate and pace_from is not None:
            steps = _warmed_up(steps, pace_from, partial(_settle, sending, others, rate, say))
        sending.run(_events(simulation, steps, encode, sending, others, stamped=not now), say)


def _begin_ms(start: str | None, days: int | None) -> int:
    """Days without a start end now."""
    return moment_ms(start, "--start") if start else _now_ms() - (days or 0) * DAY_MS


def _simulation(customers: int, seed: int, start_ms: int, fraud_mix: str | None) -> "Simulation":
    from producer.population import Population
    from producer.scenarios import MIX, mix_of
    from producer.simulate import Simulation, usual_per_day

    mix = mix_of(fraud_mix) if fraud_mix is not None else MIX
    return Simulation(Population.of(customers), seed, start_ms, usual_per_day(customers), mix)


def _steps(
    simulation: "Simulation",
    count: int | None,
    days: int | None,
    rate: float | None,
    pace_from: int | None,
    *,
    labelled: bool,
    now: bool,
) -> "Iterator[Step]":
    """Small enough that an event is sent in the moment it is said to happen, where there is a pace."""
    from producer.simulate import live, sliced, within

    size = CHUNK if rate is None else min(CHUNK, max(1, int(rate / CHUNKS_PER_SECOND)))
    steps = simulation.steps(count, days, size=size if pace_from is None else CHUNK, labelled=labelled)
    if pace_from is not None:
        steps = sliced(steps, pace_from, size)
    if days is not None:
        steps = within(steps, simulation.start_ms + days * DAY_MS)
    return live(steps, _now_ms) if now else steps


def _until(seconds: float | None, steps: "Iterator[Step]", pace_from: int | None) -> "Iterator[Step]":
    """The time begins to run when the warm-up is over."""
    end: float | None = None
    for step in steps:
        if seconds is not None and end is None and _is_paced(step, pace_from):
            end = time.monotonic() + seconds
        if end is not None and time.monotonic() >= end:
            return
        yield step


def _is_paced(step: "Step", pace_from: int | None) -> bool:
    return pace_from is None or (len(step.deliveries) > 0 and int(step.deliveries.arrival[0]) >= pace_from)


def _warmed_up(steps: "Iterator[Step]", pace_from: int, settle: Callable[[], None]) -> "Iterator[Step]":
    """What was said before the first paced step begins has arrived, verdicts too."""
    over = False
    for step in steps:
        if not over and _is_paced(step, pace_from):
            over = True
            settle()
        yield step


def _settle(sending: Sending, others: Sequence[Outlet], rate: float, say: Callable[[str], None]) -> None:
    sending.keep_to(rate)
    for other in others:
        other.settle()
    say(f"{WARMED_UP} {sending.published:,} published; from here on {rate:g} a second")


def _events(
    simulation: "Simulation",
    steps: "Iterator[Step]",
    encode: "Encode",
    sending: Sending,
    others: Sequence[Outlet],
    *,
    stamped: bool,
) -> "Iterator[Event]":
    """The transactions; the other outlets have each step when its transactions were handed over."""
    from producer.columns import events
    from producer.records import transactions

    for step in steps:
        sending.read += len(step.deliveries)
        yield from events(transactions(simulation, step.deliveries), encode, stamp_arrival=stamped)
        for other in others:
            other.add(step)


def _to_files(simulation: "Simulation", count: int | None, days: int | None, files: Files) -> None:
    """Labels are written until the last is known."""
    labels_out = files[1][0]
    if labels_out and not is_file(labels_out):
        raise Usage(
            f"--labels-out {labels_out} is a topic, and --out writes a file",
            fix="name a file for the labels too, such as labels.parquet",
        )
    with ExitStack() as stack:
        outlets = [stack.enter_context(file_outlet(path, kind, simulation, told)) for path, kind, told in files if path]
        for step in simulation.steps(count, days, labelled=bool(labels_out), settled=bool(labels_out)):
            for outlet in outlets:
                outlet.add(step)
    written = ", ".join(f"{outlet.rows:,} {outlet.what}" for outlet in outlets)
    to_stderr(f"wrote {written}; {_repeated_by(simulation.seed)}")


def _share(sending: Sending, count: int | None) -> Callable[[], float | None]:
    return lambda: sending.published / count if count else None


def _repeated_by(seed: int) -> str:
    return f"--seed {seed} repeats them"


def _now_ms() -> int:
    return int(time.time() * 1000)
