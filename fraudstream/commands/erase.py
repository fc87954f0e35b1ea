"""`fraudstream erase`: one customer taken out of Redis, the archive and this host, and what is left to be done."""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from fraudstream.commands.generations import archive_of, keys_of, now, redis_of
from fraudstream.commands.ledger import Json, Who, as_json
from fraudstream.commands.options import Config, RedisUrl, Set, settings_from
from fraudstream.commands.progress import to_stderr
from fraudstream.commands.steps import steps
from schemas.errors import Usage

if TYPE_CHECKING:
    from batch.nightly.erasure import Erased

Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help="Id, as it is in the customers' files.")]
Why = Annotated[str, typer.Option("--why", help="The reason, in a sentence that names nobody; the log keeps it.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell where the customer is.")]

LONG: Final = 1_000
PLACES: Final = ("redis", "archive", "copies", "rejects", "folders", "left")
KEPT: Final = (
    "the tables of customers that the nightly run reads: take the customer out there, or the next night has the score",
    "records in Kafka, until their retention: transactions, labels, decisions, dead letters",
    "snapshots of the cards' state, which name cards by a number alone, until they are pruned",
    "copies on other hosts: those of running scorers go within seconds, others when one starts there",
    "files that you named yourself (--rejects, --out), backups, and a bucket's older versions",
)


def erase(
    customer: Customer,
    *,
    why: Why = "",
    who: Who = None,
    dry_run: DryRun = False,
    json: Json = False,
    redis: RedisUrl = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Take one customer out of every generation in Redis and in the archive, and out of this host's copies and rejects.

    What is rewritten gets a digest of its own and the log says so, without the id. Run again it finds what is left.
    What it cannot erase it names. Exit code 75 while a nightly run is at work.
    """
    from batch.generation import answering
    from batch.nightly.erasure import Erasure, Places
    from batch.nightly.publication import By
    from consumer.enriching.building import folder

    if not customer or len(why) > LONG:
        raise Usage("an id is needed, and a reason in a sentence", fix='fraudstream erase 101 --why "asked for it"')
    settings = settings_from(redis=redis, config=config, sets=sets)
    places = Places(archive_of(settings), folder(settings), settings.nightly.work.expanduser())
    with redis_of(settings) as client, answering(), steps(0) as say:
        by = By(who or _user(), why)
        erasure = Erasure(client, keys_of(settings), places, by, lease_s=settings.nightly.lease_s, say=say)
        found = erasure(customer, now(), dry=dry_run)
    if json:
        facts = {name: getattr(found, name) for name in PLACES}
        typer.echo(as_json(facts | {"dry_run": dry_run, "not_erased": list(KEPT)}))
        return
    for line in _lines(found, dry=dry_run, archived=places.archive is not None):
        typer.echo(line)
    for line in ("not erased by this:", *(f"  - {each}" for each in KEPT), "docs/privacy.md says what to do"):
        to_stderr(line)


def _lines(found: "Erased", *, dry: bool, archived: bool) -> list[str]:
    lines = [f"{place}: {each}" for place in PLACES[:-1] for each in getattr(found, place)]
    lines += [f"left: {each} in Redis cannot be looked through; it ends by itself" for each in found.left]
    where = "" if archived else " (archive.url is not set: no archive was looked through)"
    did = "the customer is in" if dry else "erased from"
    counted = f"{did} {found.total} {'place' if found.total == 1 else 'places'}" if found.total else "found nowhere"
    return [*lines, f"{counted}{where}"]


def _user() -> str:
    import getpass

    return getpass.getuser()
