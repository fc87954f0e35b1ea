"""The past as a table: what was known of each transaction as of its own time, and what became known of it since."""

from models.history.builder import Builder, pieces
from models.history.table import Table
from models.history.verdicts import FRAUD, GENUINE, UNKNOWN, Verdicts

__all__ = ["FRAUD", "GENUINE", "UNKNOWN", "Builder", "Table", "Verdicts", "pieces"]
