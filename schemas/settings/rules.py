"""What is decided: the thresholds of the policy and the limits of the rules."""

from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from schemas.settings.group import Group, words, wrong

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Minor = Annotated[int, Field(ge=0, le=100_000_000_000)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Category = Annotated[int, Field(ge=0, le=9_999)]


def separated(value: object) -> object:
    """Lists come from flags and the environment as text separated by commas."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("is not in this machine's time zone database; such as UTC or Europe/Paris") from None
    return name


Countries = Annotated[
    tuple[Country, ...],
    BeforeValidator(separated),
    words("two-letter codes separated by commas"),
]
Categories = Annotated[
    tuple[Category, ...],
    BeforeValidator(separated),
    words("codes from 0 to 9999 separated by commas"),
]


class Policy(Group):
    review_at: Share = 0.5
    """Score from which a person looks at a transaction."""
    block_at: Share = 0.9
    """Score from which a transaction is blocked."""
    timezone: Annotated[str, AfterValidator(zone), words("name of an IANA time zone")] = "UTC"
    """IANA zone in which hours, nights and weekends are meant."""
    exploration: Share = 0.0
    """Share of what the score would block that is reviewed instead, so that its verdicts become known."""

    @model_validator(mode="after")
    def _review_first(self) -> Self:
        if self.review_at > self.block_at:
            raise wrong(
                f"review from {self.review_at} on would never happen, blocking begins at {self.block_at}",
                "policy.review_at",
                "policy.block_at",
            )
        return self


class Rules(Group):
    amount_high_minor: Minor = 200_000
    """Amount, in minor units, from which a transaction is unusual."""
    amount_extreme_minor: Minor = 500_000
    """Amount, in minor units, from which a transaction is extreme."""
    home_countries: Countries = ()
    """Countries (ISO 3166, two letters) in which cards are expected; empty means everywhere."""
    risky_categories: Categories = (4829, 6051, 7995)
    """Merchant categories (ISO 18245) that fraud prefers: money transfer, quasi cash, betting."""

    @model_validator(mode="after")
    def _high_below_extreme(self) -> Self:
        if self.amount_high_minor > self.amount_extreme_minor:
            raise wrong(
                f"the high amount {self.amount_high_minor} is above the extreme one {self.amount_extreme_minor}",
                "rules.amount_high_minor",
                "rules.amount_extreme_minor",
            )
        return self
