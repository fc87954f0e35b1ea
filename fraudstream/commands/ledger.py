"""What the commands that write to the registry share: who does it and why, where it is, and how an entry is told."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fraudstream.commands.options import settings_from

if TYPE_CHECKING:
    from models.registry.by import By
    from models.registry.entry import Entry
    from models.registry.registry import Registry
    from schemas.settings import Settings

Why = Annotated[str, typer.Option("--why", help="The reason, in a sentence; the ledger keeps it.")]
Who = Annotated[str | None, typer.Option("--who", help="Who does it [the user of this process].")]
Root = Annotated[Path | None, typer.Option("--root", help="Folder of the registry [models.root].")]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]


def settings_with(root: Path | None, config: Path | None, sets: list[str] | None) -> "Settings":
    given = [*(sets or []), *([f"models.root={root}"] if root else [])]
    return settings_from(config=config, sets=given)


def registry_of(root: Path | None, config: Path | None, sets: list[str] | None) -> "Registry":
    from models.registry.registry import Registry

    settings = settings_with(root, config, sets).models
    return Registry(settings.root.expanduser(), settings.trusted)


def by(who: str | None, why: str) -> "By":
    import getpass
    from datetime import UTC, datetime

    from models.registry.by import By

    return By(who or getpass.getuser(), why, datetime.now(UTC))


def tell(entry: "Entry", json: bool) -> None:
    typer.echo(as_json(entry.model_dump(mode="json")) if json else line(entry))


def line(entry: "Entry") -> str:
    stays = entry.action == "refuse"
    moved = "" if stays or not entry.alias else f" {entry.alias}: {entry.replaced or 'none'} -> {entry.version}"
    change = f" {entry.change}" if entry.change else ""
    gates = "".join(
        f"\n    gate {g.gate}: {'passed' if g.passed else 'overridden' if g.overridden else 'failed'}, {g.said}"
        for g in entry.gates
    )
    return f"{entry.at} {entry.who}: {entry.action} {entry}{moved}{change} ({entry.why}){gates}"


def as_words(value: object) -> str:
    from json import dumps

    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return value if isinstance(value, str) else dumps(value)


def as_json(value: object) -> str:
    from json import dumps

    return dumps(value, indent=2)
