"""`fraudstream drift`: do transactions still look like those that a model was made with."""

from typing import TYPE_CHECKING, Annotated

import typer

from fraudstream.commands.forms import filled
from fraudstream.commands.history import Told, history_of
from fraudstream.commands.ledger import Root, as_json, registry_of
from fraudstream.commands.progress import stages, to_stderr

if TYPE_CHECKING:
    from models.drift import Day

Model = Annotated[
    str, typer.Option("--model", "-m", help="models:/name/3, models:/name@champion, models:/name/Production, a folder.")
]
Json = Annotated[bool, typer.Option("--json", help="Every day as JSON.")]
ALARMED = 1


@filled(Told)
def drift(told: Told, *, model: Model = "models:/fraud@champion", json: Json = False, root: Root = None) -> None:
    """Count features and scores by day, and compare each day with its weekday in the model's own histograms.

    Days are judged from the one after those histograms on, each against the weeks before it, so that seasons raise no
    alarm. Exit code 1 when anything moved by itself.
    """
    settings = told.settings()
    from fraudstream.drifting import Drifting
    from models.bank import Bank

    registry = registry_of(root, told.config, told.sets)
    with history_of(told, settings, to_stderr) as history, stages(lambda: history.share) as say:
        days = Drifting.of(registry, model, Bank.of(settings)).days(history, say)
    to_stderr(str(history.account))
    typer.echo(as_json([_facts(day) for day in days]) if json else "\n".join(map(_line, days)) or "no day to judge")
    raise typer.Exit(ALARMED if any(day.named for day in days) else 0)


def _date(day: int) -> str:
    from datetime import UTC, datetime, timedelta

    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date().isoformat()


def _facts(day: "Day") -> dict[str, object]:
    from dataclasses import asdict

    alarms = [asdict(alarm) | {"day": _date(alarm.day), "since": _date(alarm.since)} for alarm in day.alarms]
    return {"day": _date(day.day), "said": day.said.value, "rows": day.rows, "alarms": alarms}


def _line(day: "Day") -> str:
    if not day.alarms:
        return f"{_date(day.day)}  {day.rows:>9,} rows  {'as usual' if day.said == 'judged' else day.said}"
    first = "; ".join(
        f"{alarm.feature} (PSI {alarm.psi:.4f}, usually {alarm.expected:.4f})"
        for alarm in day.alarms
        if alarm.follows is None
    )
    after = f"; with it: {', '.join(day.following)}" if day.following else ""
    return f"{_date(day.day)}  {day.rows:>9,} rows  moved: {first}{after}"
