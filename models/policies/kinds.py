"""The lists there are, declared once: what stands on one, and what it does to a transaction.

A block entry blocks, whatever the score. An allow entry keeps score and rules from blocking: what they would block is
reviewed, what they would review is reviewed. Block beats allow: a card reported stolen stays blocked though its owner
is a trusted customer. No list hides or changes a score. A snoozed rule's hits do not count.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.rules import SENTENCES
from schemas.errors import Usage

Bits = NDArray[np.uint32]
"""One bit per entry of KINDS: on which lists a row stands."""

MOST_BYTES: Final = 64
"""As long as the contract lets an id be."""
COUNTRY: Final = re.compile(r"[A-Z]{2}")


class Effect(StrEnum):
    BLOCK = "block"
    ALLOW = "allow"
    SNOOZE = "snooze"


@dataclass(frozen=True, slots=True)
class Kind:
    """`column` is the field of a transaction that values are compared with; a snooze has none."""

    name: str
    effect: Effect
    sentence: str
    column: str = ""
    reason: str = field(default="")

    def check(self, value: str) -> None:
        """Raises Usage for what no transaction could ever have."""
        if self.effect is Effect.SNOOZE and value not in SENTENCES:
            raise Usage(f"{value!r} is no rule", fix=f"the rules are {', '.join(SENTENCES)}")
        if self.column == "country" and not COUNTRY.fullmatch(value):
            raise Usage(f"{value!r} is no country", fix="write two capital letters, such as DE")
        if not value.isprintable() or not 1 <= len(value.encode()) <= MOST_BYTES:
            raise Usage(f"{value!r} is no id", fix=f"give 1 to {MOST_BYTES} bytes of printable text")


def _block(name: str, column: str) -> Kind:
    return Kind(f"{name}_block", Effect.BLOCK, f"The {name} is on the block list.", column, f"listed_{name}")


def _allow(name: str, column: str) -> Kind:
    return Kind(f"{name}_allow", Effect.ALLOW, f"The {name} is on the allow list.", column)


KINDS: Final = (
    _block("card", "card_id"),
    _allow("card", "card_id"),
    _block("customer", "customer_id"),
    _allow("customer", "customer_id"),
    _block("terminal", "terminal_id"),
    _allow("terminal", "terminal_id"),
    _block("device", "device_id"),
    _allow("device", "device_id"),
    _block("country", "country"),
    Kind("rule_snooze", Effect.SNOOZE, "The rule is asleep."),
)
BY_NAME: Final = {kind.name: kind for kind in KINDS}
BIT: Final = {kind.name: 1 << place for place, kind in enumerate(KINDS)}
SNOOZE: Final = next(kind for kind in KINDS if kind.effect is Effect.SNOOZE)


def bits_of(effect: Effect) -> int:
    return sum(BIT[kind.name] for kind in KINDS if kind.effect is effect)


BLOCKING: Final = np.uint32(bits_of(Effect.BLOCK))
ALLOWING: Final = np.uint32(bits_of(Effect.ALLOW))


def kind_of(name: str) -> Kind:
    if name not in BY_NAME:
        raise Usage(f"there is no list {name!r}", fix=f"the lists are {', '.join(BY_NAME)}")
    return BY_NAME[name]
