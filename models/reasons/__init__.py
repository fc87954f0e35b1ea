"""Why a transaction was flagged: a few stable codes, strongest first, each with a sentence for people."""

from models.reasons.codes import CODES, SENTENCES, Code
from models.reasons.medians import medians
from models.reasons.reasons import Reasons

__all__ = ["CODES", "SENTENCES", "Code", "Reasons", "medians"]
