"""How a decision names all that decided it besides its model, written and read back without losing a bit.

    thresholds-1 review_at=0.5 block_at=0.9 lists:/3 abababababab exploration=0.02
    fraud/2 0123456789ab lists:/3 abababababab churn_max_age_ms=93600000

Thresholds by their numbers, or the registered policy by name, version and digest; the lists unless there are none;
the share that is explored unless it is nothing; where churn decides anything, the age from which its scores are stale.
"""

import re
from dataclasses import dataclass
from typing import Final, Self

from models.policy import Policy

NUMBER: Final = r"[0-9.e+-]+"
HEX: Final = r"[0-9a-f]{12}"
WORDING: Final = re.compile(
    rf"(thresholds-1 review_at=(?P<review_at>{NUMBER}) block_at=(?P<block_at>{NUMBER})"
    rf"|(?P<name>[A-Za-z0-9._-]+)/(?P<version>[1-9][0-9]*) (?P<digest>{HEX}))"
    rf"( lists:/(?P<lists>[1-9][0-9]*) (?P<lists_digest>{HEX}))?"
    rf"( exploration=(?P<exploration>{NUMBER}))?"
    r"( churn_max_age_ms=(?P<churn>[1-9][0-9]*))?"
)


@dataclass(frozen=True, slots=True)
class Registered:
    """A policy of the registry; `digest` is how its own begins."""

    name: str
    version: int
    digest: str

    def __str__(self) -> str:
        return f"{self.name}/{self.version} {self.digest}"

    @property
    def reference(self) -> str:
        return f"policies:/{self.name}/{self.version}"


@dataclass(frozen=True, slots=True)
class Shelved:
    """A version of the lists, `digest` is how its own begins. Version 0 is the one before any was made."""

    version: int = 0
    digest: str = ""

    def __str__(self) -> str:
        return f"lists:/{self.version} {self.digest}"


@dataclass(frozen=True, slots=True)
class Wording:
    by: Policy | Registered
    lists: Shelved
    exploration: float
    churn_max_age_ms: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError for what `str` of one does not give."""
        found = WORDING.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} names no policy in any way this program writes")
        by = (
            Registered(found["name"], int(found["version"]), found["digest"])
            if found["name"]
            else Policy(float(found["review_at"]), float(found["block_at"]))
        )
        lists = Shelved(int(found["lists"]), found["lists_digest"]) if found["lists"] else Shelved()
        wording = cls(by, lists, float(found["exploration"] or 0.0), int(found["churn"]) if found["churn"] else None)
        if str(wording) != text:
            raise ValueError(f"{text!r} would be written as {str(wording)!r} by this program")
        return wording

    def __str__(self) -> str:
        by = self.by.name if isinstance(self.by, Policy) else str(self.by)
        lists = f" {self.lists}" if self.lists.version else ""
        exploration = f" exploration={self.exploration!r}" if self.exploration else ""
        churn = f" churn_max_age_ms={self.churn_max_age_ms}" if self.churn_max_age_ms else ""
        return by + lists + exploration + churn
