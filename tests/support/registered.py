"""A registry with small models of the features that this program computes, their policies, and lists."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from sklearn.ensemble import HistGradientBoostingClassifier
from support import bank as banks

from models import trees
from models.artefact.golden import choose
from models.artefact.write import Parts, write
from models.bank import Bank
from models.features import FEATURE_VERSION, FEATURES, Matrix
from models.memory import Sight
from models.numbers import logistic
from models.policies.kinds import kind_of
from models.policies.list_file import LAST_MS
from models.policies.list_shelf import ListShelf
from models.policies.policies import Policies
from models.policies.policy_file import Costs, PolicyFile, Rates, RuleLimits
from models.reasons import medians
from models.registry.by import By
from models.registry.registry import Registry
from schemas.settings import Settings

BY = By("ada", "because", datetime(2026, 1, 5, 12, tzinfo=UTC))
EVENTS = 3_000


@cache
def purchases() -> banks.Bank:
    return banks.Bank(seed=5, events=EVENTS, days=60)


@cache
def rows() -> pa.RecordBatch:
    """Transactions of which about one in a hundred is fraud."""
    return banks.rows(purchases().log)


def sights(bank: Bank, size: int) -> list[tuple[pa.RecordBatch, Sight]]:
    """All rows in lots of that size, each seen by one memory that has learned every label."""
    memory, every = bank.memory(), rows()
    memory.learn(banks.columns(purchases().labels))
    lots = [every.slice(start, size) for start in range(0, every.num_rows, size)]
    return [(each, memory.see(each)) for each in lots]


@cache
def history() -> tuple[Matrix, np.ndarray]:
    """What taught: features, and which are fraud."""
    [(lot, sight)] = sights(Bank(), EVENTS * 2)
    fraud = [purchases().fraud_of[int(event[1:])] for event in lot["event_id"].to_pylist()]
    return sight.features, np.array(fraud)


@cache
def estimator(seed: int) -> HistGradientBoostingClassifier:
    """Of the same rows; other seeds make other trees."""
    matrix, fraud = history()
    shape = {"max_iter": 12 + seed, "max_leaf_nodes": 6, "early_stopping": False, "random_state": seed}
    return HistGradientBoostingClassifier(**shape).fit(matrix, fraud)


def parts(seed: int = 0, **changes: Any) -> Parts:
    model, (matrix, fraud) = changes.pop("estimator", estimator(seed)), history()
    usual = {
        "estimator": model,
        "features": [each.name for each in FEATURES],
        "feature_version": FEATURE_VERSION,
        "created_at": BY.at,
        "medians": medians(matrix, fraud, trees.compile(estimator(seed), len(FEATURES))),
    }
    if "golden" not in changes:
        usual["golden"] = choose(matrix, model.decision_function)
    return Parts(**usual | changes)


def quantile(seed: int, share: float) -> float:
    """The score that so many of the rows stay below."""
    return float(np.quantile(logistic(estimator(seed).decision_function(history()[0])), share))


@dataclass(frozen=True)
class Shop:
    """Whoever registers and promotes by these settings."""

    settings: Settings
    folder: Path

    @property
    def registry(self) -> Registry:
        return Registry(self.settings.models.root)

    @property
    def policies(self) -> Policies:
        return Policies(self.registry)

    def model(self, seed: int = 0, name: str = "fraud", **changes: Any) -> str:
        """The next version, not promoted; without a policy."""
        place = self.folder / f"artefact-{len(list(self.folder.glob('artefact-*')))}"
        write(parts(seed, **changes), place)
        return str(self.registry.add(name, place, BY))

    def policy(self, model: str, **changes: Any) -> str:
        """Live for that model from here on, and of these settings unless said otherwise."""
        rules, money = self.settings.rules, self.settings.money
        usual = PolicyFile(
            format=1,
            kind="cost",
            target=None,
            review_at=quantile(0, 0.95),
            block_at=quantile(0, 0.985),
            model=str(self.registry.resolve(model).digest),
            costs=Costs(review_minor=500, wrong_block_minor=2_000),
            rates=Rates(version=1, reference=money.reference, millionths=dict(money.millionths))
            if money.reference
            else None,
            timezone=self.settings.policy.timezone,
            home_countries=rules.home_countries,
            risky_categories=rules.risky_categories,
            limits=RuleLimits(
                amount_high_minor=rules.amount_high_minor, amount_extreme_minor=rules.amount_extreme_minor
            ),
        )
        made = PolicyFile.model_validate(usual.model_dump() | changes)
        stored = self.policies.add(model, made, BY)
        self.policies.promote(str(stored.entry), BY)
        return str(stored.entry)

    def champion(self, seed: int = 0, **policy: Any) -> str:
        """A new version with a policy, live."""
        model = self.model(seed)
        self.policy(model, **policy)
        self.registry.promote(model, BY)
        return model

    def listing(self, name: str, *values: str) -> None:
        """On that list for ever."""
        ListShelf(self.registry.root).add(kind_of(name), list(values), 0, LAST_MS, BY)
