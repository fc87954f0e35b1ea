"""What is looked at before a group begins with state that was made for it: that nobody stands where it is to be put."""

from collections.abc import Callable

from fraudstream.doctor.offsets import Offsets
from fraudstream.moving import require_empty
from fraudstream.orders import PATIENCE_S, answering
from schemas.errors import Usage
from schemas.settings import Settings

Say = Callable[[str, int], None]
"""What is being done, and how many rows of it are done."""


def of_group(settings: Settings, group: str) -> Settings:
    """The same for another group."""
    if group == settings.score.group:
        raise Usage(
            f"--into {group} is the group itself",
            fix="name another: its workers are started with score.group set to it",
        )
    given = settings.score.model_dump() | {"group": group}
    return settings.model_copy(update={"score": type(settings.score).model_validate(given)})


def require_new(settings: Settings) -> None:
    """Nobody is in it, and it has answered nothing."""
    require_empty(settings)
    with answering(settings):
        committed = Offsets(settings, PATIENCE_S).committed()
    if committed:
        places = ", ".join(f"{each}: {offset:,}" for each, offset in sorted(committed.items()))
        raise Usage(
            f"the group {settings.score.group!r} is no new one, it has offsets ({places})",
            fix="take the name of a group that never was; one that is there is moved with `fraudstream operate move`",
        )


def committed_by(settings: Settings) -> dict[int, int]:
    """Of the running group."""
    with answering(settings):
        committed = Offsets(settings, PATIENCE_S).committed()
    if not committed:
        raise Usage(
            f"the group {settings.score.group!r} has committed nothing, so there is nothing to follow",
            fix="name the running group with --set score.group=…; `fraudstream state seed` is for a first group",
        )
    return committed
