"""The options that say which days teach, pick thresholds and judge, and what thresholds are picked for."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from schemas.errors import Usage

if TYPE_CHECKING:
    from models.training.aims import Aims
    from models.training.windows import Dates, Windows

DAYS: Final = 3_660
Date = str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Windowed:
    warm_up: Annotated[
        int, typer.Option("--warm-up", min=0, max=DAYS, help="Days before training that fill the windows.")
    ] = 30
    train: Annotated[int, typer.Option("--train", min=0, max=DAYS, help="Days that teach.")] = 28
    gap: Annotated[int, typer.Option("--gap", min=0, max=DAYS, help="Days left out, so that verdicts can come.")] = 7
    pick: Annotated[
        int, typer.Option("--pick", min=0, max=DAYS, help="Days that thresholds are picked on; 0: those that teach.")
    ] = 7
    test: Annotated[int, typer.Option("--test", min=1, max=DAYS, help="Days that judge.")] = 7
    folds: Annotated[
        int, typer.Option("--folds", min=1, max=52, help="So many test periods, one after the other, the last counts.")
    ] = 4
    train_from: Annotated[
        Date, typer.Option("--train-from", metavar="DATE", help="Fixed days instead: the first that teaches.")
    ] = None
    train_until: Annotated[Date, typer.Option("--train-until", metavar="DATE", help="The day after the last.")] = None
    test_from: Annotated[Date, typer.Option("--test-from", metavar="DATE", help="The first day that judges.")] = None
    test_until: Annotated[Date, typer.Option("--test-until", metavar="DATE", help="The day after the last.")] = None

    def windows(self) -> "Windows":
        from models.judging.splits import Lengths
        from models.training.windows import Windows

        lengths = Lengths(self.warm_up, self.train, self.gap, self.pick, self.test)
        return Windows(lengths, self.folds, self._dates())

    def _dates(self) -> "Dates | None":
        from models.judging.splits import Period
        from models.training.windows import Dates

        given = {
            "--train-from": self.train_from,
            "--train-until": self.train_until,
            "--test-from": self.test_from,
            "--test-until": self.test_until,
        }
        missing = [option for option, text in given.items() if text is None]
        if len(missing) == len(given):
            return None
        if missing:
            raise Usage(f"fixed days need {', '.join(missing)} as well", fix=f"give all four: {', '.join(given)}")
        begin, end, test_begin, test_end = (_day(str(text), option) for option, text in given.items())
        return Dates(Period(begin, end), Period(test_begin, test_end))


@dataclass(frozen=True, slots=True, kw_only=True)
class Aimed:
    recall: Annotated[float, typer.Option("--recall", help="The share of fraud that thresholds by recall find.")] = 0.7
    alerts_per_day: Annotated[float, typer.Option("--alerts-per-day", help="What thresholds by budget keep to.")] = (
        100.0
    )
    review_cost: Annotated[
        float, typer.Option("--review-cost", min=0, help="Of one review, in minor units of the reference currency.")
    ] = 400.0
    wrong_block_cost: Annotated[
        float, typer.Option("--wrong-block-cost", min=0, help="Of blocking what was genuine, likewise.")
    ] = 3_000.0

    def aims(self) -> "Aims":
        from models.judging.thresholds import Costs
        from models.training.aims import Aims

        return Aims(self.recall, self.alerts_per_day, Costs(self.review_cost, self.wrong_block_cost))


def _day(text: str, option: str) -> int:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise Usage(f"{option} {text} is not a day", fix="write it as 2026-01-31") from None
    return int(day.timestamp()) * 1000
