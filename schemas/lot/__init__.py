"""Kafka messages, JSON and rows of files as one columnar table, the lot; what is not in it has a reason."""

from schemas.lot.checks import Checks
from schemas.lot.decode import Decoder
from schemas.lot.rows import from_mappings
from schemas.lot.table import SCHEMA, Lot, Raw, Refusal
from schemas.lot.warm import warm

__all__ = ["SCHEMA", "Checks", "Decoder", "Lot", "Raw", "Refusal", "from_mappings", "warm"]
