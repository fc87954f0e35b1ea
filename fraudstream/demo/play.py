"""The demo from curtain to curtain.

1. servers, topics, churn scores; with --train a model is trained; nothing is shown but what is being waited for
2. `fraudstream simulate` sends the seed, the days before the viewer came; meanwhile the model is registered, promoted
   through the gates, and shown with what it was judged to be worth
3. once the seed is in the log `fraudstream score` starts, and every decision is read as a subscriber reads it; the
   live page opens beside the screen
4. at the end the simulation stops first, the scorer finishes what is there, and the audit compares what went in
   with what came out; with --kill also with what follows from the logs
"""

import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from fraudstream.commands.simulate import WARMED_UP
from fraudstream.demo.audience import Audience, audience
from fraudstream.demo.board import ScoreBoard
from fraudstream.demo.cast import Cast, Player
from fraudstream.demo.ending import asked_to_end, interrupt_on_sigterm
from fraudstream.demo.era import SEED_DAYS, Era
from fraudstream.demo.kills import Kills
from fraudstream.demo.page import Page, Watched, page
from fraudstream.demo.screen import screen
from fraudstream.demo.stage import Stage, Wanted, stage
from fraudstream.demo.truth import Truth
from fraudstream.demo.verdict import Verdict
from producer.population import Population
from producer.simulate import Simulation, usual_per_day
from schemas.errors import DependencyAway

SEED_S: Final = 600.0
LOOK_S: Final = 0.1
FIRST_S: Final = 120.0
DRAIN_S: Final = 15.0
RECOVER_S: Final = 45.0
"""After kills: the last of the slots is still starting."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`workers` None: as many as make sense. `stay_s` is how long everything stays up after the audit."""

    seconds: float | None
    rate: float
    workers: int | None
    customers: int
    seed: int
    train: bool
    kill: bool
    servers: Wanted
    page: bool = True
    stay_s: float = 0.0

    @property
    def staff(self) -> int:
        return self.workers or (2 if self.kill else 1)


def play(plan: Plan, console: Console) -> bool:
    """True when everything that went in was answered exactly once, in order, and by what follows from the logs."""
    board = ScoreBoard(time.monotonic())
    interrupt_on_sigterm()
    people, per_day = Population.of(plan.customers), usual_per_day(plan.customers)
    era = Era.before(time.time_ns() // 1_000_000, per_day, plan.rate, plan.seconds)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fraudstream-demo-")))
        with _waiting(console, "starting Kafka and Redis"):
            ground = stack.enter_context(stage(folder, plan.servers, people, era))
        if plan.train:
            _train(console, ground)
            board.started_at = time.monotonic()
        cast = stack.enter_context(Cast(ground.environment, folder))
        simulation = cast.enter("simulate", *_told(plan, era, ground))
        _promote(plan, console, ground)
        with _waiting(console, f"sending {SEED_DAYS} days of history"):
            _seeded(simulation)
        scorer = cast.enter("score", "--workers", str(plan.staff))
        shown, said = stack.enter_context(page(ground.settings, board, plan.staff, folder, wanted=plan.page))
        if said:
            console.print(said, markup=False, highlight=False, soft_wrap=True)
        truth = Truth(Simulation(people, plan.seed, era.start_ms, per_day))
        board.truth = truth.of
        seats = stack.enter_context(audience(ground.settings, board, era.live_ms, truth.arrived))
        verdict = _perform(plan, console, ground, seats, (scorer, simulation), shown=shown)
        console.print(str(verdict), markup=False, highlight=False, soft_wrap=True)
        if shown.url and plan.stay_s and not seats.hurried:
            _stay(plan.stay_s, console, shown)
    return verdict.clean


def _train(console: Console, ground: Stage) -> None:
    from fraudstream.demo import model

    lesson = model.LESSON
    console.print(f"training on {lesson.days} days of {lesson.customers:,} simulated people", highlight=False)
    model.train(ground.environment)


def _promote(plan: Plan, console: Console, ground: Stage) -> None:
    """Makes a model live, and shows what it was judged to be worth."""
    from fraudstream.demo import model

    with _waiting(console, "checking the model"):
        if not plan.train:
            model.install(ground.settings)
        report = model.promoted(ground.settings)
    model.show(report, console)


def _told(plan: Plan, era: Era, ground: Stage) -> list[str]:
    people = ["--customers", str(plan.customers), "--seed", str(plan.seed), "--rate", str(plan.rate)]
    time_ = ["--start", era.start, "--days", str(era.days), "--warm-up", str(SEED_DAYS)]
    return [*people, *time_, "--labels-out", ground.settings.topics.labels]


def _seeded(simulation: Player) -> None:
    too_late = _over_after(SEED_S)
    while not simulation.has_said(WARMED_UP):
        simulation.check()
        if too_late():
            raise DependencyAway(f"the seed was not sent within {SEED_S:g} s", fix="try fewer --customers")
        time.sleep(LOOK_S)


def _perform(
    plan: Plan, console: Console, ground: Stage, seats: Audience, players: tuple[Player, Player], *, shown: Page
) -> Verdict:
    """Scorer and simulation play. Everything has been answered by its end, or never will be."""
    board, (scorer, simulation) = seats.board, players
    with asked_to_end() as asked, screen(console, board) as seen:
        show = Watched(seen, shown)
        show.say(f"Kafka {ground.settings.kafka.bootstrap}; {plan.rate:g} transactions a second; Ctrl-C ends it")
        kills = Kills(scorer.log, plan.staff, board, show.say) if plan.kill else None
        time_over = _over_after_answers(board, plan.seconds)

        def meanwhile() -> None:
            shown.turn()
            if kills:
                kills.turn()

        seats.watch(show, [scorer, simulation], lambda: asked() or time_over() or simulation.done, meanwhile)
        if simulation.done:
            show.say("the simulation has come to yesterday, where it ends")
        show.say("ending: the simulation stops, the scorer finishes what is there")
        seats.hurried = asked()
        simulation.stop()
        sent = seats.sent()
        too_late = _over_after(RECOVER_S if plan.kill else DRAIN_S)
        seats.watch(show, [scorer], lambda: board.scored >= sent or too_late(), shown.turn)
    return Verdict(board, sent, _wrong(console, ground, seats) if plan.kill else None)


def _stay(seconds: float, console: Console, shown: Page) -> None:
    """The servers too: what was flagged can still be looked into."""
    console.print(f"everything stays for {seconds:g} s: {shown.url}; Ctrl-C ends it", markup=False, highlight=False)
    with asked_to_end() as asked:
        over = _over_after(seconds)
        while not (asked() or over()):
            shown.turn()
            time.sleep(LOOK_S)


def _wrong(console: Console, ground: Stage, seats: Audience) -> int:
    from fraudstream.demo import proof

    with _waiting(console, "deciding everything once more, from the logs"):
        return proof.wrong(ground.settings, seats.starts)


def _waiting(console: Console, what: str) -> AbstractContextManager[object]:
    return console.status(what) if console.is_terminal else nullcontext()


def _over_after_answers(board: ScoreBoard, seconds: float | None) -> Callable[[], bool]:
    """The time begins with the first answer, which is waited for only so long."""
    patience, over = _over_after(FIRST_S), [_over_after(None)]

    def ask() -> bool:
        if board.scored and len(over) == 1:
            over.append(_over_after(seconds))
        return over[-1]() or (not board.scored and patience())

    return ask


def _over_after(seconds: float | None) -> Callable[[], bool]:
    end = float("inf") if seconds is None else time.monotonic() + seconds
    return lambda: time.monotonic() >= end
