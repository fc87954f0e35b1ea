"""What a scorer asks for churn scores."""

from typing import Protocol

import pyarrow as pa

from models.churn.weighed import Churn, Times


class Enricher(Protocol):
    """Of one thread. Nothing that it does stops scoring."""

    def start(self) -> None:
        """Before the first lot."""

    def look_up(self, customers: pa.Array, at: Times) -> Churn:
        """Row for row, all of one generation; `at` is when they paid."""

    @property
    def trouble(self) -> str:
        """Why no other scores can be read than those in use; empty when all is well."""

    def close(self) -> None: ...
