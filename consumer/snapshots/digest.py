"""One digest of everything besides the log that a fold depends on: the code's versions and the settings."""

import hashlib
from dataclasses import asdict
from typing import Any

from models.artefact.canonical import canonical
from models.bank import Bank
from models.cards.sound import STATE_VERSION
from models.feature_list import FEATURE_VERSION
from schemas.settings import Settings


def fold_digest(settings: Settings) -> str:
    """Equal where the same log folds into the same state. What only features, rules and labels use is not in it."""
    return hashlib.sha256(canonical(_fold(settings))).hexdigest()


def _fold(settings: Settings) -> dict[str, Any]:
    """Also which records are refused: those are not folded."""
    bank, checks = Bank.of(settings), settings.checks
    return {
        "state": STATE_VERSION,
        "features": FEATURE_VERSION,
        "terms": asdict(bank.terms),
        "money": {"reference": bank.money.reference, "rates": dict(bank.money.rates)},
        "reject_pans": checks.reject_pans,
        "strict_keys": checks.strict_keys and settings.kafka.partitioner,
    }
