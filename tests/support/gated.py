"""A model that waits until it is let go on, so that what happens meanwhile can be looked at."""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from models.minds import ModelRef
from serving.door.model import Answer, Ask, Kind, Output


@dataclass(eq=False)
class Gated:
    """Twice each number. `seen` are the batches that it was asked for; a row of 13 breaks it."""

    version: str = "1"
    exact: bool = True
    open: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)
    seen: list[list[float]] = field(default_factory=list)

    @property
    def ref(self) -> ModelRef:
        return ModelRef("gated", self.version, "abc")

    def read(self, kind: Kind, body: bytes, most_rows: int) -> Ask:
        rows = json.loads(body)["inputs"]
        return Ask(rows, len(rows))

    def join(self, rows: Sequence[Any]) -> Any:
        return [row for each in rows for row in each]

    def predict(self, rows: Any, output: Output, threshold: float | None) -> Answer:
        self.entered.set()
        assert self.open.wait(30)
        self.seen.append(list(rows))
        if 13 in rows:
            raise ValueError(f"cannot bear {rows}")
        return [2 * row for row in rows]
