"""Files of raw transactions are read as the stream reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import from_json

from batch.predicting.transactions import remember
from schemas.tables import Format, Lying


@dataclass
class Heard:
    """What a fold is told; it refuses nothing."""

    rows: list[Mapping[str, object]] = field(default_factory=list)
    refusals: tuple[()] = ()

    def remember(self, rows: Sequence[Mapping[str, object]], *, text: bool) -> "Heard":
        assert not text
        self.rows += rows
        return self


@pytest.mark.parametrize("said", ["1e-400", "-1e-400", "0.125"])
def test_a_number_too_small_for_doubles_is_what_the_stream_makes_of_it(said: str, tmp_path: Path) -> None:
    """A zero with its sign: a file of what the stream has seen must give its bits."""
    line = f'{{"event_id": "e", "latitude": {said}}}'
    (tmp_path / "rows.jsonl").write_text(line + "\n")
    heard: Any = Heard()
    remember(heard, Lying(tmp_path / "rows.jsonl"), Format.JSON)
    assert repr(heard.rows) == repr([from_json(line, allow_inf_nan=False)])
