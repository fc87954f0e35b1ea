"""What the product's routes need of the other rooms; given by whoever composes the program.

Calls block and are made on threads of their own. What does not answer raises an error of the tree; nothing hangs for
longer than its own time-outs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from models.churn.offers import Contacts
from models.predicting.transactions import Fold

Told = Mapping[str, Any]
"""Fields of an answer, ready for JSON but for numbers that are none."""


class Unknown(LookupError):
    """Nobody has heard of what was asked for; `words` are for the caller."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class Irreproducible(LookupError):
    """What decided then is not here any more, or another one."""


class Scoring(Protocol):
    """Of one thread."""

    def begin(self, complete_since_ms: int | None) -> Fold:
        """An empty log, to be decided by what is live now."""

    def told(self) -> Told:
        """What is live now."""

    def start(self) -> None:
        """Has everything compiled that the first request will need."""

    def close(self) -> None: ...


class Customers(Protocol):
    def churn(self, customer: str) -> Told:
        """Raises Unknown where the generation does not have the customer, Unpublished where there is none."""

    def offer(self, customer: str, value_minor: int | None, contacts: Contacts) -> Told: ...


class Unpublished(LookupError):
    """No churn generation is live."""


@dataclass(frozen=True, slots=True)
class Recent:
    """Flags, the newest first. `since_ms`: every flag since then is among them; `current`: the topic is being read."""

    since_ms: int
    current: bool
    flags: Sequence[Told]


class Flags(Protocol):
    def recent(self, card: str | None, most: int) -> Recent | None:
        """None: nothing could be read yet. Does not block."""


class Histories(Protocol):
    def of_card(self, card: str, place: tuple[int, int] | None, most: int) -> Told:
        """`place`, partition and offset, is of a transaction that is to be among them. Raises Usage for one that is
        none.
        """


class Explaining(Protocol):
    def explain(self, event_id: str, since_ms: int | None) -> Told:
        """Raises Unknown where there is neither a decision nor a transaction of it, Irreproducible where its model is
        not here.
        """


class Verdicts(Protocol):
    """Of one thread, but for `check`, which asks nobody."""

    def check(self, labels: Sequence[Mapping[str, object]]) -> None:
        """Raises Usage for what is no label whatever its transaction is."""

    def publish(self, labels: Sequence[Mapping[str, object]]) -> Sequence[Told]:
        """The labels as they were delivered, all of them. What of a transaction is missing is looked up.

        Raises Usage for what is no label, Unknown where its transaction cannot be found.
        """

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """One of each."""

    scoring: Scoring
    customers: Customers
    flags: Flags
    histories: Histories
    explaining: Explaining
    verdicts: Verdicts
