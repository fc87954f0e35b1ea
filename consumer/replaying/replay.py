"""Decides a stretch of the input anew, and holds it against what was published: each offset, flagged or not.

    a flag or score that answers a row      every field is compared, numbers to the last bit
    a row that is flagged now, and no flag  missing
    an answer to no record                  unasked; so is one to a record that cannot be scored
    a second answer on one topic            doubled; the first one counts

Rows of which a window reaches before all that was folded are compared too, but counted apart: nothing is promised
of them. Nothing is written and nothing is committed.
"""

from collections.abc import Callable, Iterator, Sequence

from consumer.replaying.account import Account
from consumer.replaying.archive import Archive
from consumer.replaying.log import ROWS
from consumer.replaying.matching import Matching
from consumer.replaying.past import Part, Past
from consumer.replaying.recomputed import Recomputed
from consumer.replaying.stretch import Stretch
from models.decide import Decider, ModelRef
from models.feature_list import FEATURE_VERSION

Recall = Callable[[ModelRef, str], Decider]
"""The decider of a model and a policy, as epochs name them."""


class Replay:
    """`say` hears of progress: what is done, and how many records of it."""

    def __init__(
        self,
        archive: Archive,
        recall: Recall,
        say: Callable[[str, int], None] = lambda *_: None,
        *,
        rows: int = ROWS,
    ) -> None:
        self._archive, self._recall, self._say = archive, recall, say
        self._past = Past(archive, rows)
        self._deciders: dict[tuple[ModelRef, str], Decider] = {}

    def run(self, stretches: Sequence[Stretch], account: Account) -> Account:
        done = 0
        for stretch in stretches:
            account.stretches.append(stretch)
            if not len(stretch):
                continue
            epochs = self._archive.epochs(stretch.partition)
            self._say(f"folding partition {stretch.partition}", done)
            account.starts.append(self._past.begin(stretch))
            matching = Matching(self._archive, stretch, epochs, account)
            for seen in self._past.lots(stretch, epochs, matching.named):
                matching.lot(seen, [each for part in seen.parts for each in self._recomputed(part, account)])
                done += sum(part.rows.num_rows for part in seen.parts)
                self._say("compared", done)
            matching.end()
        return account

    def _recomputed(self, part: Part, account: Account) -> Iterator[Recomputed]:
        epoch, rows = part.epoch, part.rows.num_rows
        if epoch is None:
            account.undecided += rows
        elif epoch.feature_version != FEATURE_VERSION:
            account.other_version += rows
        else:
            account.used(epoch, rows)
            if epoch.decider not in self._deciders:
                self._deciders[epoch.decider] = self._recall(*epoch.decider)
            decider = self._deciders[epoch.decider]
            churn = self._archive.generations.churn(part.rows, part.sight.at, epoch, decider)
            if churn is None:
                account.unkept[str(epoch.churn_generation)] += rows
            yield Recomputed.of(part.rows, part.sight, epoch, decider, churn=churn, cold=part.cold)
