"""What came of a replay: how much was compared, what differs, and what rests on what."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from consumer.replaying.cards import Start
from consumer.replaying.difference import Difference
from consumer.replaying.epochs import Epoch
from consumer.replaying.stretch import Stretch

SHOWN = 20


@dataclass(slots=True)
class Account:
    """`differences` are the first so many, `kinds` and `fields` count all of them."""

    shown: int = SHOWN
    rows: int = 0
    """Recomputed, those among them that are cold not counted."""
    refused: int = 0
    """Records that cannot be scored; nothing may answer them but the dead letters."""
    undecided: int = 0
    """Before the first epoch: nobody was scoring then."""
    other_version: int = 0
    """Decided with features of another release, which this one does not compute."""
    cold: int = 0
    cold_differing: int = 0
    again: int = 0
    """Second answers to records that the group was sent back over."""
    out_of_order: int = 0
    """Scores that stand so far from their neighbours that they were not compared."""
    unkept: Counter[str] = field(default_factory=Counter)
    """Decided by a churn generation that the archive does not have, by its name."""
    flags: int = 0
    """That the logs give."""
    answers: Counter[str] = field(default_factory=Counter)
    """Published decisions that were compared, by topic."""
    kinds: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    differing: set[tuple[int, int]] = field(default_factory=set)
    differences: list[Difference] = field(default_factory=list)
    epochs: dict[tuple[int, int], Epoch] = field(default_factory=dict)
    epoch_rows: Counter[tuple[int, int]] = field(default_factory=Counter)
    stretches: list[Stretch] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        return not self.kinds

    def used(self, epoch: Epoch, rows: int) -> None:
        key = epoch.partition, epoch.first_offset
        self.epochs[key] = epoch
        self.epoch_rows[key] += rows

    def found(self, differences: Sequence[Difference]) -> None:
        """Those of one published decision, or of one that is missing."""
        for each in differences:
            self.fields.update([each.field.partition(".")[0]] if each.field else [])
            if len(self.differences) < self.shown:
                self.differences.append(each)
        self.kinds.update({each.kind.value for each in differences})
