"""The page on snapshots names every reason, and no other."""

import re
from pathlib import Path

from consumer.snapshots.reasons import Reason


def test_every_reason_is_told(docs: Path) -> None:
    """As logs, metrics and `state show` have it."""
    text = (docs / "snapshots.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == {reason.value for reason in Reason}
