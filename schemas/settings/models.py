"""Where models are kept, and what their files may hold."""

from pathlib import Path
from typing import Annotated, Final

from pydantic import BeforeValidator, StringConstraints

from schemas.durations import milliseconds
from schemas.settings.group import Group, words
from schemas.settings.labels import Duration
from schemas.settings.rules import separated

TYPE_WORDS: Final = "full names of Python types, separated by commas"
TypeName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$")]


class Models(Group):
    root: Path = Path("~/.local/share/fraudstream/models")
    """Folder of the registry: one folder for each version of each model, and the ledger."""
    trusted: Annotated[tuple[TypeName, ...], BeforeValidator(separated), words(TYPE_WORDS)] = ()
    """Types that model files may hold besides those trusted already; whoever names one vouches for its code."""
    live: Annotated[str, words("models:/name@alias or models:/name/3, or empty")] = "models:/fraud@champion"
    """What decides. Where nothing was ever promoted under that alias, and where it is empty, the rules decide alone."""
    check_every: Duration = "5s"
    """How often a running scorer looks whether another model, policy or list became live; `0s`: only when it starts."""

    @property
    def check_every_s(self) -> float:
        return milliseconds(self.check_every) / 1000
