"""What a model is trained from: transactions in the order of arrival, and everything that was ever said of them."""

from collections.abc import Iterator
from typing import Protocol

import pyarrow as pa

from models.labels import LabelColumns

Lots = Iterator[pa.RecordBatch]


class Logs(Protocol):
    """Both begin anew at each call."""

    def transactions(self) -> Lots: ...

    def labels(self) -> Iterator[LabelColumns]: ...
