"""Where models are kept, and what their files may hold."""

from pathlib import Path
from typing import Annotated, Final

from pydantic import BeforeValidator, StringConstraints

from schemas.settings.group import Group, words
from schemas.settings.rules import separated

TYPE_WORDS: Final = "full names of Python types, separated by commas"
TypeName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$")]


class Models(Group):
    root: Path = Path("~/.local/share/fraudstream/models")
    """Folder of the registry: one folder for each version of each model, and the ledger."""
    trusted: Annotated[tuple[TypeName, ...], BeforeValidator(separated), words(TYPE_WORDS)] = ()
    """Types that model files may hold besides those trusted already; whoever names one vouches for its code."""
