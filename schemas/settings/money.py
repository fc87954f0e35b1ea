"""The one currency in which amounts are compared, and how others become it."""

import re
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

from schemas.settings.group import Group, words, wrong

MOST_RATE: Final = 80_000_000
CODE: Final = re.compile(r"[A-Z]{3}")
RATE: Final = re.compile(r"[0-9]{1,8}")
Currency = Annotated[str, StringConstraints(pattern=r"^([A-Z]{3})?$"), words("three capital letters, or empty")]


def by_code(rates: dict[str, str]) -> dict[str, str]:
    """Variables of the environment have their names in small letters by then."""
    for code, rate in rates.items():
        if not CODE.fullmatch(code.upper()):
            raise wrong("is not a currency: three letters", f"money.rates.{code}")
        if not RATE.fullmatch(rate) or not 1 <= int(rate) <= MOST_RATE:
            raise wrong(f"should be an integer from 1 to {MOST_RATE}", f"money.rates.{code}")
    return {code.upper(): rate for code, rate in rates.items()}


class Money(Group):
    reference: Currency = ""
    """Currency (ISO 4217) of what is remembered, of rules and thresholds. Empty: every amount is taken as it is."""
    rates: Annotated[dict[str, str], AfterValidator(by_code), words(f"table of integers from 1 to {MOST_RATE}")] = (
        Field(default_factory=dict)
    )
    """Millionths of a minor unit of the reference currency that one minor unit of another is worth, by its code:
    `USD = 920000`. Amounts in currencies that have none stay as they are and are marked `foreign_currency`."""

    @property
    def millionths(self) -> Mapping[str, int]:
        return {code: int(rate) for code, rate in self.rates.items()}
