"""The table of deliberate differences from MLflow's server, as the page for users has it."""

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "http.md"
ROW = re.compile(
    r"^\| `(?P<name>[\w-]+)` \| (?P<what>.+?) \| (?P<mlflow>.+?) \| (?P<here>.+?) \| (?P<why>.+?) \|$", re.MULTILINE
)
STATUS = re.compile(r"\b[2-5]\d\d\b")


@dataclass(frozen=True)
class Difference:
    """`mlflow` and `here` are the statuses that the row says."""

    mlflow: frozenset[int]
    here: frozenset[int]


def differences() -> dict[str, Difference]:
    text = PAGE.read_text("utf-8") if PAGE.exists() else ""
    return {row["name"]: Difference(statuses(row["mlflow"]), statuses(row["here"])) for row in ROW.finditer(text)}


def statuses(cell: str) -> frozenset[int]:
    """0 where there is no answer."""
    return frozenset([*map(int, STATUS.findall(cell)), *([0] if "no answer" in cell else [])])
