"""`fraudstream offer`: what to offer a customer who calls, and why."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fraudstream.commands.generations import QUICK_S, now, redis_of
from fraudstream.commands.ledger import Json, Root, as_json
from fraudstream.commands.options import Config, RedisUrl, Set, settings_from
from schemas.errors import Usage

if TYPE_CHECKING:
    from models.churn.model import ChurnModel
    from models.churn.offers import Known, Offer
    from schemas.churn import Meta
    from schemas.settings import Settings

Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help="Id, as it is in the customers' files.")]
Row = Annotated[
    str | None,
    typer.Option("--row", metavar="FILE|-", help="The customer's row, a JSON object: it is scored there and then."),
]
Value = Annotated[int | None, typer.Option("--value", min=0, metavar="MINOR", help="What the customer is worth.")]
DaysAgo = Annotated[
    int | None, typer.Option("--contacted", min=0, metavar="DAYS", help="How many days ago an offer was made last.")
]
InAYear = Annotated[int, typer.Option("--contacts", min=0, metavar="COUNT", help="How many were within a year.")]


def offer(
    customer: Customer,
    *,
    row: Row = None,
    value: Value = None,
    contacted: DaysAgo = None,
    contacts: InAYear = 0,
    json: Json = False,
    redis: RedisUrl = None,
    root: Root = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Tell what to offer: by the score of last night, or by the row at hand through the same model.

    The policy of offers decides from score, decile, age of the score, value and contact limits. A score that is too
    old, a customer nobody knows, and a Redis that has nothing each have an answer of their own.
    """
    from fraudstream.offering import policy_of, published
    from models.churn.offers import Contacts
    from models.churn.offers import offer as offered

    given = [*(sets or []), *([f"models.root={root}"] if root else [])]
    settings = settings_from(redis=redis, config=config, sets=given)
    policy = policy_of(settings)
    cells = None if row is None else _cells(row)
    with redis_of(settings, QUICK_S) as client:
        known, meta = published(client, settings, customer, policy, now())
    if cells is not None:
        known = _live(settings, customer, cells, meta)
    made = offered(policy, replace(known, value_minor=value, contacts=Contacts(contacted, contacts)))
    typer.echo(as_json(_facts(customer, made)) if json else "\n".join(_lines(customer, made)))


def _live(settings: "Settings", customer: str, cells: dict[str, Any], meta: "Meta | None") -> "Known":
    from models.churn.offers import scored

    model = _model(settings, meta)
    own = cells.get(model.key) if model.key else None
    if own is not None and str(own) != customer:
        raise Usage(f"--row is the row of {own}, not of {customer}", fix="give the row of the customer who calls")
    return scored(model, cells, meta)


def _model(settings: "Settings", meta: "Meta | None") -> "ChurnModel":
    """That of the generation that is live; where nothing is, the one that the next night would score with."""
    from models.registry.registry import Registry

    if meta is not None and not meta.model_digest:
        said = f"{meta.generation} was scored elsewhere ({meta.model}), so that a row cannot be scored alike here"
        raise Usage(said, fix="leave out --row, or publish a generation by a model")
    name = meta.model if meta else settings.nightly.model
    model = Registry(settings.models.root.expanduser(), settings.models.trusted).load(name)
    churn: ChurnModel | None = getattr(model, "churn", None)
    if churn is None:
        raise Usage(f"{name} scores no customers", fix="set nightly.model to a churn model")
    return churn


def _cells(name: str) -> dict[str, Any]:
    import sys
    from json import loads
    from pathlib import Path

    fix = "give one JSON object: column to cell"
    try:
        content = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Usage(f"--row {name}: {error.strerror}", fix=fix) from error
    except UnicodeDecodeError:
        raise Usage(f"--row {name} is no text in UTF-8", fix=fix) from None
    try:
        cells = loads(content)
    except ValueError as error:
        raise Usage(f"--row {name} is no JSON: {error}", fix=fix) from None
    if not isinstance(cells, dict):
        raise Usage(f"--row {name} is not one JSON object", fix=fix)
    return cells


def _facts(customer: str, made: "Offer") -> dict[str, object]:
    from fraudstream.offering import facts
    from schemas.churn import to_text

    known = made.known
    score = None if known.millionths is None else to_text(known.millionths)
    return facts(customer, made) | {"score": score, "scored": "now" if known.live else "nightly"}


def _lines(customer: str, made: "Offer") -> list[str]:
    from fraudstream.generations import span
    from schemas.churn import to_text

    known, answer = made.known, made.answer
    if known.millionths is None:
        score = known.status.value
    else:
        decile = "" if known.decile is None else f"  decile {known.decile}"
        score = f"{to_text(known.millionths)}{decile}  {known.status.value}"
    when = "scored just now" if known.live else f"{span(known.age)} old" if known.age is not None else "none published"
    return [
        f"{customer}  {answer.offer}  {answer.reason}",
        f"    score {score}  ({known.generation or 'no generation'}, {when}); {made.rule} of policy {made.version}",
    ]
