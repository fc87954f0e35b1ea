"""What a churn model must show before its scores are published to everybody, on customers that nobody learnt from."""

from dataclasses import dataclass
from math import isfinite
from typing import Final

from models.judging.gates import Verdict

NOTHING: Final = "nothing"
"""What a model is judged against where none is live."""
FEWEST: Final = 30
"""Of either kind, among those who judge."""
SUSPICIOUS_AUC: Final = 0.90
"""Who leaves is partly chance; whoever seems to know better has mostly been told."""
TELLING: Final = 0.85
"""A column that alone ranks so well is named: it may have been written down after the customer had left."""
LEAST_AUC: Final = 0.60
MOST_ERROR: Final = 0.02
CHANCE: Final = 1.5
AUC_SLACK: Final = 0.01
BRIER_SLACK: Final = 0.002


@dataclass(frozen=True, slots=True)
class Figures:
    auc: float
    average_precision: float
    brier: float
    calibration_error: float
    chance: float


@dataclass(frozen=True, slots=True)
class ChurnEvidence:
    """`against` is the content digest of the champion, NOTHING where none was live; its figures are of the same rows.

    `crossed` is the mean ROC AUC of models judged on what they had not seen; `telling` are columns that alone come
    close, with their AUC.
    """

    candidate: Figures
    champion: Figures | None
    churners: int
    stayers: int
    crossed: float
    telling: tuple[tuple[str, float], ...]
    against: str = NOTHING


def enough(evidence: ChurnEvidence) -> Verdict:
    said = f"judged by {evidence.churners:,} who left and {evidence.stayers:,} who stayed; {FEWEST} of each are needed"
    numbers = {"churners": evidence.churners, "stayers": evidence.stayers}
    return Verdict("enough", min(evidence.churners, evidence.stayers) >= FEWEST, said, numbers=numbers)


def plausible(evidence: ChurnEvidence) -> Verdict:
    found = evidence.crossed
    said = f"cross-validated ROC AUC {found:.3f}; above {SUSPICIOUS_AUC:.2f} somebody has to explain it"
    if found > SUSPICIOUS_AUC and evidence.telling:
        named = ", ".join(f"{name} ({alone:.2f})" for name, alone in evidence.telling)
        said += f": telling by themselves are {named}; leave a column out with --drop if it was written afterwards"
    return Verdict(
        "plausible", found <= SUSPICIOUS_AUC, said, overridable=True, numbers={"crossed": found, "most": SUSPICIOUS_AUC}
    )


def ranking(evidence: ChurnEvidence) -> Verdict:
    found = evidence.candidate.auc
    said = f"ROC AUC {found:.3f} on customers held back, needs {LEAST_AUC:.2f}"
    return Verdict("ranking", found >= LEAST_AUC, said, numbers={"candidate": found, "needed": LEAST_AUC})


def calibration(evidence: ChurnEvidence) -> Verdict:
    """Few rows make an error of their own, which is no fault of the model."""
    found, most = evidence.candidate.calibration_error, MOST_ERROR + CHANCE * evidence.candidate.chance
    said = f"said and found differ by {found:.3f} in the mean, at most {most:.3f} may be with so many customers"
    return Verdict("calibration", found <= most, said, numbers={"candidate": found, "most": most})


def progress(evidence: ChurnEvidence) -> Verdict:
    """A person may overrule it: a champion of other columns can no longer be asked."""
    mine, live = evidence.candidate, evidence.champion
    if live is None and evidence.against == NOTHING:
        return Verdict("progress", True, "nothing is live that it could be worse than", True)
    if live is None:
        return Verdict("progress", False, "what is live looks at other columns, so nobody knows which is better", True)
    passed = mine.auc >= live.auc - AUC_SLACK and mine.brier <= live.brier + BRIER_SLACK
    said = f"ROC AUC {mine.auc:.3f} and Brier score {mine.brier:.4f}, what is live {live.auc:.3f} and {live.brier:.4f}"
    numbers = {"auc": mine.auc, "live_auc": live.auc, "brier": mine.brier, "live_brier": live.brier}
    return Verdict("progress", passed and all(map(isfinite, numbers.values())), said, True, numbers)
