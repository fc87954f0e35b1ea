"""The one way in which an artefact is turned away: exit code 78, with the file and the reason."""

from pathlib import Path
from typing import Final

from schemas.errors import Misconfigured

FETCH_AGAIN: Final = "fetch the artefact again from where it was made, or train it again; what is live stays live"


def refused(where: Path | str, reason: str, fix: str = FETCH_AGAIN) -> Misconfigured:
    return Misconfigured(f"{where}: {reason}", fix=fix)
