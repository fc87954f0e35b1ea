"""Whether what is scored still looks like what was learnt from: counted in whole numbers, judged a day at a time."""

from models.drift.monitor import judge
from models.drift.reference import Reference
from models.drift.tally import Tally
from models.drift.verdict import Alarm, Day, Said

__all__ = ["Alarm", "Day", "Reference", "Said", "Tally", "judge"]
