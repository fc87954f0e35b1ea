"""`fraudstream doctor`: what is wrong between this machine and a scored transaction, and how to mend it."""

from typing import Annotated

import typer

from fraudstream.commands.options import Bootstrap, Config, RedisUrl, Set, settings_from

Json = Annotated[bool, typer.Option("--json", help="One JSON list of findings instead of a table.")]


def doctor(
    *, json: Json = False, bootstrap: Bootstrap = None, redis: RedisUrl = None, config: Config = None, sets: Set = None
) -> None:
    """Examine broker, topics, producers, group, registry and Redis; each finding comes with its fix. Changes nothing.

    Exit code 0 when nothing is wrong, 69 when something needed does not answer, 78 when something is set up wrongly.
    """
    from fraudstream.doctor import report
    from fraudstream.doctor.examine import examine
    from fraudstream.doctor.finding import worst

    sections = examine(settings_from(bootstrap, redis, config, sets))
    if json:
        rows = [{"check": name, **report.facts(each)} for name, findings in sections for each in findings]
        typer.echo(report.as_json(rows))
    else:
        report.show(sections)
    raise typer.Exit(worst(each for _, findings in sections for each in findings))
