"""One decision taken apart: what it rests on, and whether it can be had again from there.

Two checks, each where it can be done:

    recorded    margin, score, outcome, rules and reasons follow from the features and churn that stand in the decision
    rebuilt     the features themselves, and all else, follow from the logs, to the last bit

The first finds a decision that was altered, the second also one that was altered with care, or a log that was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from consumer.replaying.answers import Answer, Answers
from consumer.replaying.archive import Archive
from consumer.replaying.cards import Start
from consumer.replaying.difference import COLD, differing
from consumer.replaying.epochs import Epoch, Epochs
from consumer.replaying.matching import home_of, published_since
from consumer.replaying.past import Past
from consumer.replaying.recomputed import Recomputed
from consumer.replaying.replay import Recall
from consumer.replaying.stretch import Stretch
from models.churn.weighed import as_told
from models.decide import Decider
from models.feature_list import FEATURE_VERSION, FEATURES
from models.hashing import hash_strings
from models.memory import Sight
from schemas.errors import Usage
from schemas.lot import Refusal
from schemas.lot.table import SCHEMA, TIMESTAMP
from schemas.reading import Fields
from schemas.verdicts import Mark

Found = Sequence[tuple[str, Any, Any]]
"""Field, what was published, what was computed anew."""
FROM_FEATURES: Final = frozenset({"raw_margin", "score", "outcome", "reasons", "rules"})
OF_DECIDING: Final = frozenset((Mark.LISTED | Mark.EXPLORED | Mark.RULE_ERROR | Mark.SPARED).names())


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """`fields` are the decision's, computed anew where none was published; `decided` is one row that has them.

    `recorded` and `rebuilt` are what did not match, None where that check could not be done, and `why_not`.
    """

    stretch: Stretch
    answers: Sequence[Answer]
    fields: Fields
    epoch: Epoch
    decider: Decider
    basis: Recomputed
    recorded: Found | None
    rebuilt: Found | None
    start: Start | None
    cold: bool
    again: bool
    """The group was sent back over it, so that it may have two answers."""
    missing: bool
    """The logs give a flag, and none was published."""
    why_not: str = ""
    unkept: bool = False
    """The churn generation is not in the archive, so what the decision says of churn was believed."""

    @property
    def event_ids(self) -> set[str]:
        """By the decision and by the record, which may have been altered."""
        return {self.fields["event_id"], self.basis.rows["event_id"][0].as_py()}

    @property
    def published(self) -> bool:
        return any(each.fields is not None for each in self.answers)

    @property
    def equal(self) -> bool:
        topics = {each.place.rpartition("/")[0] for each in self.answers}
        doubled = len(topics) < len(self.answers) and not self.again
        wrong = bool(self.recorded) or (bool(self.rebuilt) and not self.cold)
        return not (wrong or doubled or self.missing or any(each.fields is None for each in self.answers))


class Explainer:
    def __init__(self, archive: Archive, recall: Recall) -> None:
        self._archive, self._recall = archive, recall

    def explain(self, partition: int, offset: int) -> Explanation:
        """Raises Usage where nothing stands there, or what stands there was never decided."""
        stretch = Stretch(partition, offset, offset + 1)
        epochs = self._archive.epochs(partition)
        answers = self._answers(stretch, epochs)
        fields = next((each.fields for each in answers if each.fields is not None), None)
        epoch = self._epoch(epochs, offset, fields)
        decider = self._recall(*epoch.decider)
        start, rebuilt, why_not = self._rebuilt(stretch, epochs, epoch, decider)
        if fields is not None:
            basis = self._of_record(fields, rebuilt, epoch, decider)
        elif rebuilt is not None:
            basis = rebuilt
        else:
            raise Usage(f"{self._archive.transactions.topic}/{partition}/{offset}: {why_not}", fix=FIX)
        cold = (fields is not None and COLD in fields["marks"]) or (rebuilt is not None and bool(rebuilt.cold[0]))
        return Explanation(
            stretch=stretch,
            answers=answers,
            fields=fields or basis.fields(0),
            epoch=epoch,
            decider=decider,
            basis=basis,
            recorded=None if fields is None else _against_itself(fields, basis.fields(0)),
            rebuilt=None
            if fields is None or rebuilt is None
            else list(differing(fields, rebuilt.fields(0, fields["churn"]))),
            start=start,
            cold=cold,
            again=self._archive.ordered.again(partition, offset),
            missing=self._unflagged(answers, epoch) and bool(basis.flagged[0]) and not cold,
            why_not=why_not,
            unkept=rebuilt is not None and rebuilt.unkept,
        )

    def _unflagged(self, answers: Sequence[Answer], epoch: Epoch) -> bool:
        home = home_of(self._archive, epoch)
        there = (each.place.rsplit("/", 2)[0] for each in answers if each.fields is not None)
        return home is not None and home not in there

    def _answers(self, stretch: Stretch, epochs: Epochs) -> list[Answer]:
        """Every one, flags first, each topic in its own order."""
        since = published_since(epochs, stretch.start)
        logs = self._archive.published.values()
        return [each for log in logs for each in Answers(log, self._archive.decisions, stretch, since).rest()]

    def _epoch(self, epochs: Epochs, offset: int, fields: Fields | None) -> Epoch:
        epoch = epochs.at(offset)
        if epochs.goes_back and fields is not None:
            epoch = epochs.named(fields["epoch"]) or epoch
        if epoch is None:
            raise Usage(f"no epoch says what decided offset {offset}: nobody scored it", fix="the group began after it")
        if epoch.feature_version != FEATURE_VERSION:
            said = f"features of version {epoch.feature_version}, and this release computes {FEATURE_VERSION}"
            raise Usage(f"offset {offset} was decided with {said}", fix=f"use release {epoch.app_version}")
        return epoch

    def _rebuilt(
        self, stretch: Stretch, epochs: Epochs, epoch: Epoch, decider: Decider
    ) -> tuple[Start | None, Recomputed | None, str]:
        log = self._archive.transactions
        if not log.begins.get(stretch.partition, 0) <= stretch.start < log.ends.get(stretch.partition, 0):
            return None, None, "the input does not have this record any more, or not yet"
        past = Past(self._archive)
        start = past.begin(stretch)
        for seen in past.lots(stretch, epochs, lambda _: {stretch.start: epoch.first_offset}):
            for part in seen.parts:
                churn = self._archive.generations.churn(part.rows, part.sight.at, epoch, decider)
                return start, Recomputed.of(part.rows, part.sight, epoch, decider, churn=churn, cold=part.cold), ""
            return start, None, _refused(seen.refused[stretch.start])
        return start, None, "the input has no record there"

    def _of_record(self, fields: Fields, rebuilt: Recomputed | None, epoch: Epoch, decider: Decider) -> Recomputed:
        """The recorded features decided again; device and country, which no decision repeats, are of the record."""
        rows = row_of(fields) if rebuilt is None else rebuilt.rows
        at = np.array([fields["event_time"]], np.int64) if rebuilt is None else rebuilt.sight.at
        known = np.full((1, len(FEATURES)), np.nan)
        known[0, : len(fields["features"])] = fields["features"][: len(FEATURES)]
        sight = Sight(hash_strings(rows["card_id"]), at, np.zeros(1, np.int64), np.zeros(1, np.uint32), known)
        churn = as_told(**fields["churn"])
        return Recomputed.of(rows, sight, epoch, decider, churn=churn, cold=np.zeros(1, np.bool_))


FIX: Final = "`fraudstream explain EVENT_ID` without --coordinates looks for the event"


def row_of(fields: Fields) -> pa.RecordBatch:
    """The transaction as far as its decision repeats it."""
    source = fields["source"]
    known = fields | {"partition": source["partition"], "offset": source["offset"], "timestamp": fields["event_time"]}
    known["marks"] = 0
    return pa.RecordBatch.from_arrays(
        [
            pa.array([known[each.name]]).cast(TIMESTAMP)
            if each.name == "event_time"
            else pa.array([known.get(each.name)], each.type)
            for each in SCHEMA
        ],
        schema=SCHEMA,
    )


def _against_itself(fields: Fields, own: Fields) -> Found:
    """Of marks only those that deciding gives: the others are facts of the record."""
    found = [each for each in differing(fields, own) if each[0] in FROM_FEATURES]
    one, other = (sorted(OF_DECIDING & set(each["marks"])) for each in (fields, own))
    return found + ([] if one == other else [("marks", one, other)])


def _refused(refusal: Refusal) -> str:
    return f"the record cannot be scored ({refusal.reason}: {refusal.detail}); it is among the dead letters"
