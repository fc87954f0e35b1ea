"""What the settings say to folds and features: the same for training, for judging and for the scorer."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Self

from models.cards import CardBook
from models.cards.terms import Terms
from models.features import Places
from models.history import Builder
from models.labels import LabelBook, LabelParams
from models.memory import Memory
from models.money import Money
from models.rules import Limits
from schemas.settings import Settings


@dataclass(frozen=True, slots=True)
class Bank:
    places: Places = field(default_factory=Places)
    limits: Limits = field(default_factory=Limits)
    terms: Terms = field(default_factory=Terms)
    labels: LabelParams = field(default_factory=LabelParams)
    money: Money = field(default_factory=Money)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        policy, rules, cards, labels = settings.policy, settings.rules, settings.cards, settings.labels
        return cls(
            Places(policy.timezone, rules.home_countries, rules.risky_categories),
            Limits(rules.amount_high_minor, rules.amount_extreme_minor),
            Terms(cards.late_ms, cards.future_ms, cards.entries, cards.idle_ms),
            LabelParams(labels.step_ms, labels.grace_ms, labels.delay_ms),
            Money(settings.money.reference, settings.money.millionths),
        )

    def builder(self) -> Builder:
        return Builder(self.places, terms=self.terms, labels=self.labels, money=self.money, limits=self.limits)

    def memory(self) -> Memory:
        return Memory(CardBook(self.terms, self.money), LabelBook(self.labels), self.places)

    @property
    def digest(self) -> str:
        """Equal where the same log makes the same features."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True, default=list).encode()).hexdigest()
