"""`fraudstream lookup`: what is known of single customers."""

from typing import TYPE_CHECKING, Annotated

import typer

from fraudstream.commands.generations import QUICK_S, keys_of, now, redis_of
from fraudstream.commands.ledger import Json, as_json
from fraudstream.commands.options import Config, RedisUrl, Set, settings_from
from schemas.errors import Usage

if TYPE_CHECKING:
    from batch.nightly.look_up import Answer, Found

Asked = Annotated[list[str], typer.Argument(metavar="CUSTOMER...", help="Ids, as they are in the customers' files.")]


def lookup(
    customers: Asked,
    *,
    json: Json = False,
    redis: RedisUrl = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Tell each customer's score, decile, whether it is at risk, and how old that is; all out of one generation.

    At risk is a score strictly above nightly.threshold. Status is fresh, stale (older than enrich.max_age),
    unknown_customer, or unavailable where nothing was published yet.
    """
    from batch.generation import answering
    from batch.nightly.look_up import Terms, look_up

    if wrong := [id_ for id_ in customers if id_.encode(errors="ignore").decode() != id_]:
        raise Usage(f"{wrong[0]!r} is no customer id: it is not UTF-8", fix="type it in a UTF-8 terminal")
    settings = settings_from(redis=redis, config=config, sets=sets)
    terms = Terms.of(settings.nightly.threshold, settings.enrich.max_age_ms)
    with redis_of(settings, QUICK_S) as client, answering():
        found = look_up(client, keys_of(settings), customers, terms, now())
    if json:
        typer.echo(as_json([_facts(each, found) for each in found.answers]))
        return
    for each in found.answers:
        typer.echo(_line(each, found))


def _facts(answer: "Answer", found: "Found") -> dict[str, object]:
    from schemas.churn import to_text

    return {
        "customer": answer.customer,
        "status": answer.status.value,
        "score": None if answer.millionths is None else to_text(answer.millionths),
        "decile": answer.decile,
        "at_risk": answer.at_risk,
        "generation": found.meta.generation if found.meta else None,
        "age_seconds": round(found.age.total_seconds()) if found.meta else None,
    }


def _line(answer: "Answer", found: "Found") -> str:
    from fraudstream.generations import span
    from schemas.churn import to_text

    of = f"{found.meta.generation}, {span(found.age)} old" if found.meta else "nothing was published yet"
    if answer.millionths is None:
        return f"{answer.customer}  {answer.status.value}  ({of})"
    risk = "at risk" if answer.at_risk else "not at risk"
    score = f"{to_text(answer.millionths)}  decile {answer.decile}  {risk}"
    return f"{answer.customer}  {score}  {answer.status.value}  ({of})"
