"""What would decide if a worker started here: the live model with its policy, loaded as a worker loads them."""

from collections.abc import Iterator
from typing import Final

from consumer.deciding.live import chosen, name_of
from fraudstream.doctor.finding import Finding, info, ok, warning, wrong
from schemas.errors import FraudstreamError
from schemas.settings import Settings

SUBJECT: Final = "models.live"
TRAIN: Final = "`fraudstream train` makes a model, `fraudstream models promote` makes it live"
RIGHTS: Final = "give this user the right to read models.root, or name another folder"


def check(settings: Settings) -> Iterator[Finding]:
    live, root = settings.models.live, settings.models.root.expanduser()
    try:
        decider = chosen(settings)
    except FraudstreamError as error:
        yield wrong(live or SUBJECT, f"no worker starts with it: {error.message}", error.fix)
    except (OSError, RuntimeError) as error:
        yield warning(SUBJECT, f"{root} cannot be read: {error}", RIGHTS)
    else:
        if decider.named is not None:
            yield ok(live, f"{name_of(decider)} decides, by policy {decider.policy}")
        elif live:
            yield info(live, f"nothing was promoted under that name in {root}: the rules decide alone", TRAIN)
        else:
            yield info(SUBJECT, "it is empty: the rules decide alone")
