"""The demo from curtain to curtain.

1. servers, topics, churn scores; meanwhile nothing is shown but what is being waited for
2. `fraudstream score` and `fraudstream simulate` start, and every decision is read as a subscriber reads it
3. at the end the simulation stops first, the scorer finishes what is there, and the audit compares what went in
   with what came out
"""

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from fraudstream.demo.audience import Audience, audience
from fraudstream.demo.board import ScoreBoard
from fraudstream.demo.cast import Cast
from fraudstream.demo.ending import asked_to_end, interrupt_on_sigterm
from fraudstream.demo.screen import screen
from fraudstream.demo.stage import Stage, stage
from producer.population import Population

DRAIN_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Plan:
    seconds: float | None
    rate: float
    workers: int
    customers: int
    seed: int
    bootstrap: str | None
    redis: str | None
    jars: Path | None


def play(plan: Plan, console: Console) -> bool:
    """True when everything that went in was answered exactly once."""
    board = ScoreBoard(time.monotonic())
    interrupt_on_sigterm()
    people = Population.of(plan.customers)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fraudstream-demo-")))
        with console.status("starting Kafka and Redis") if console.is_terminal else nullcontext():
            ground = stack.enter_context(stage(folder, plan.bootstrap, plan.redis, plan.jars, people))
        seats = stack.enter_context(audience(ground.settings, board))
        cast = stack.enter_context(Cast(ground.environment, folder))
        sent = _perform(plan, console, ground, seats, cast)
    console.print(audit(board, sent), markup=False, highlight=False, soft_wrap=True)
    return board.scored == sent and not board.doubled


def _perform(plan: Plan, console: Console, ground: Stage, seats: Audience, cast: Cast) -> int:
    """How many transactions went in; they have been answered by then, or never will."""
    scorer = cast.enter("score", "--workers", str(plan.workers))
    people = ("--customers", str(plan.customers), "--seed", str(plan.seed))
    simulation = cast.enter("simulate", "--rate", str(plan.rate), *people)
    with asked_to_end() as asked, screen(console, seats.board) as show:
        show.say(f"Kafka {ground.settings.kafka.bootstrap}; {plan.rate:g} transactions a second; Ctrl-C ends it")
        time_over = _over_after(plan.seconds)
        seats.watch(show, [scorer, simulation], lambda: asked() or time_over())
        show.say("ending: the simulation stops, the scorer finishes what is there")
        simulation.stop()
        sent = seats.sent()
        too_late = _over_after(DRAIN_S)
        seats.watch(show, [scorer], lambda: seats.board.scored >= sent or too_late())
    return sent


def audit(board: ScoreBoard, sent: int) -> str:
    first = board.first_flag_after
    flagged = board.scored - board.outcomes["approve"]
    return (
        f"{sent:,} transactions, {board.scored:,} answered, {flagged:,} flagged: "
        f"{max(sent - board.scored, 0):,} lost, {board.doubled:,} doubled; "
        + (f"first flag after {first:.1f} s" if first is not None else "no flag")
    )


def _over_after(seconds: float | None) -> Callable[[], bool]:
    end = float("inf") if seconds is None else time.monotonic() + seconds
    return lambda: time.monotonic() >= end
