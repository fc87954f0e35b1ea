"""Who did it, why, and when: what the ledger keeps of a person."""

from dataclasses import dataclass
from datetime import UTC, datetime

from models.registry.entry import MOST_LETTERS
from schemas.errors import Usage


@dataclass(frozen=True, slots=True)
class By:
    who: str
    why: str
    at: datetime

    def facts(self) -> dict[str, str]:
        """Raises Usage where nobody or nothing is said, or more than an entry holds."""
        if not self.who.strip() or not self.why.strip():
            raise Usage("the ledger wants to know who did it and why", fix="give --why, and --who where it is not you")
        if max(len(self.who), len(self.why)) > MOST_LETTERS:
            raise Usage(f"--who or --why is longer than {MOST_LETTERS:,} letters", fix="say it in a sentence")
        return {"who": self.who, "why": self.why, "at": self.at.astimezone(UTC).isoformat()}
