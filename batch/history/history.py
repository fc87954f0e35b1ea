"""Labelled transactions of any origin, as models are trained, judged and folded on them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from batch.history.truths import Truths
from models.labels import LabelColumns


@dataclass(frozen=True, slots=True)
class Account:
    """What became of what was read: it is a transaction, a label, or rejected for a reason."""

    origin: str
    read: int = 0
    transactions: int = 0
    labels: int = 0
    rejected: Mapping[str, int] = field(default_factory=Counter)
    strangers: int = 0
    """Labels of events that are not among the transactions."""

    def __str__(self) -> str:
        bad = sum(self.rejected.values())
        why = ", ".join(f"{reason} {count:,}" for reason, count in self.rejected.items())
        parts = [f"{self.transactions:,} transactions", f"{self.labels:,} labels"]
        parts += [f"{bad:,} rejected ({why})"] if bad else []
        parts += [f"{self.strangers:,} labels of other events"] if self.strangers else []
        return f"{self.origin}: {', '.join(parts)}"


class History(Protocol):
    """Each of these may be asked as often as one likes, and gives the same every time."""

    def transactions(self) -> Iterator[pa.RecordBatch]:
        """Lots (`schemas.lot.SCHEMA`) in order of arrival; within a partition in that of its log."""

    def labels(self) -> Iterator[LabelColumns]:
        """In any order; amounts are in the reference currency."""

    def truths(self) -> Truths | None:
        """None where nobody knows."""

    @property
    def account(self) -> Account:
        """Complete once transactions and labels were read to the end."""

    @property
    def share(self) -> float | None:
        """How much of the transactions was handed out, from 0 to 1; None where it cannot be told."""
