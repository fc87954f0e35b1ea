"""What decides: found in the registry at the start, followed while it changes, and found again for a replay."""

from consumer.deciding.live import live
from consumer.deciding.recall import recalled, supposed
from consumer.deciding.watch import Watch, show

__all__ = ["Watch", "live", "recalled", "show", "supposed"]
