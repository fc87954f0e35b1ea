"""Workers with one mistake each, of the kinds that such programs are known for."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from support.mutant import changed
from support.simulation import fold
from support.simulation.fold import SmallScorer
from support.simulation.slot import Parts
from support.simulation.whole import whole

from consumer import at_least_once, checkpoint, epochs, scoring, source, state, worker
from consumer.lots import Fetched, Outgoing, Pending
from consumer.scoring import Scored

ENDS = "pending.spans"
SEND_OFFSETS = "producer.send_offsets_to_transaction(offsets, self._source.group(), self._call_s)"
DONE = 'CHECKPOINTS.labels("committed").inc()\n'
SETTLED = "self._source.owed.add(pending.spans)\n"
AGAIN = "self._resolve(pending) if failures else pending.still_at(self._source.positions)"


@dataclass(frozen=True)
class Mutant:
    make: Callable[[], Parts]
    exactly_once: bool | None = True
    crowded: bool = False
    """It takes several workers to show."""


def _checkpoint(*changes: tuple[str, str], crowded: bool = False) -> Mutant:
    def make() -> Parts:
        space = changed(checkpoint, *changes)
        return Parts(exactly_once=space["ExactlyOnce"], clocked=[space, vars(source)])

    return Mutant(make, crowded=crowded)


def _source(*changes: tuple[str, str], crowded: bool = False) -> Mutant:
    def make() -> Parts:
        space = changed(source, *changes)
        return Parts(source=space["KafkaSource"], clocked=[space, vars(checkpoint)])

    return Mutant(make, crowded=crowded)


def _epochs(*changes: tuple[str, str]) -> Mutant:
    return Mutant(lambda: Parts(epochs=changed(epochs, *changes)["Epochs"]))


def _fold(*changes: tuple[str, str]) -> Mutant:
    def make() -> Parts:
        space = changed(fold, *changes)
        return Parts(scorer=space["SmallScorer"], state=space["SmallState"], shelf=space["Shelf"])

    return Mutant(make)


def _at_least_once(*changes: tuple[str, str]) -> Mutant:
    return Mutant(lambda: Parts(at_least_once=changed(at_least_once, *changes)["AtLeastOnce"]), exactly_once=False)


def _client(**config: object) -> Mutant:
    return Mutant(lambda: Parts(consumer_config={name.replace("_", "."): value for name, value in config.items()}))


@dataclass(frozen=True)
class Refolded(Pending):
    again: Callable[[], list[Outgoing]]

    def only(self, partitions: frozenset[int]) -> Pending:
        """What is left of it to be published again."""
        return Pending(self.again(), self.spans).only(partitions)


class FoldsAgain(SmallScorer):
    def score(self, fetched: Fetched) -> Scored | None:
        scored = super().score(fetched)
        if scored is None:
            return None
        pending = scored.pending
        again = partial(self.records, fetched, *self.current())
        return Scored(Refolded(pending.records, pending.spans, again), scored.tally)


def _whole(**changes: list[tuple[str, str]]) -> Mutant:
    """Of the scorer that has everything, by the name of the module."""

    def make() -> Parts:
        given: dict[str, Any] = {"clocked": [vars(checkpoint), vars(source)]}
        for name, each in changes.items():
            module, part, kind = WHOLE[name]
            space = changed(module, *each)
            given[part] = space[kind]
            given["clocked"].append(space)
        return whole(**given)

    return Mutant(make)


WHOLE = {
    "state": (state, "state", "State"),
    "scoring": (scoring, "scorer", "Scorer"),
    "source": (source, "source", "KafkaSource"),
    "worker": (worker, "worker", "Worker"),
}
SCORED = "elif scored := self._score(fetched):\n"
MUTANTS = {
    "offsets are committed before anything is produced": _checkpoint(
        (
            'with guard("begin_transaction", hang_s):',
            f"self._source.owed.add({ENDS}); self._source.owed.settle()\n        with guard('begin', hang_s):",
        )
    ),
    "offsets are committed after the transaction": _checkpoint(
        (SEND_OFFSETS, "pass"), (DONE, f"{DONE}        self._source.owed.add({ENDS}); self._source.owed.settle()\n")
    ),
    "what failed is sent again without asking": _checkpoint((AGAIN, "pending.still_at(self._source.positions)")),
    "a time-out of the commit means done": _checkpoint(
        (
            "(exception)\n                self._recycle()\n",
            "(exception)\n                self._recycle(); return self._source.advance(pending.spans)\n",
        )
    ),
    "a time-out of the commit means not done": _checkpoint(
        ("if committed[each] == span.end}", "if False}"), ("if committed[each] == span.start}", "}")
    ),
    "positions move before the commit": _checkpoint(
        (
            'with guard("commit_transaction", hang_s):',
            'self._source.advance(pending.spans)\n        with guard("commit_transaction", hang_s):',
        )
    ),
    "rows of partitions that went away are published": _checkpoint(
        ("if each in positions}", "}"),
        ("pending.only(frozenset(again)).still_at(self._source.positions)", "pending.only(frozenset(again))"),
        ("positions[each] != committed[each]", "False"),
        crowded=True,
    ),
    "offsets are sent in nobody's name": _checkpoint(
        ("self._source.group()", "self._source.group()._replace(member='', generation=-1)"), crowded=True
    ),
    "input is read before it is committed": _client(isolation_level="read_uncommitted"),
    "the client commits by itself": _client(enable_auto_commit=True),
    "nothing is paused while a lot is pending": _source(
        ("self._consumer.pause(self._partitions())", "pass"),
        ("            self._held.append(message)", "            self._held += [] if self._holding else [message]"),
    ),
    "what is polled while a lot is pending outlives its partition": _source(
        ("self._consumer.pause(self._partitions())", "pass"),
        ("each.partition() not in gone", "True"),
        ("each.partition() not in waiting", "True"),
    ),
    "a partition is read on from where we were": _source(
        ("self._held: list[Any] = []\n", "self._held: list[Any] = []\n        self._were: dict[int, Place] = {}\n"),
        (
            "self._keeper.leave(each.partition)",
            "self._keeper.leave(each.partition)\n                self._were[each.partition] = place",
        ),
        (
            'return Place(found.offset, found.metadata or "", epoch=Point.of(found).epoch)',
            "return Place(found.offset, cursor=self._were.pop(found.partition, Place(0)).cursor)",
        ),
    ),
    "records that were answered are answered again": _source(("if offset < place.position:", "if False:")),
    "a new group's beginning is not written down": _source(("if not unrecorded:", "if True:")),
    "no epoch is written": _epochs(("begun[partition] = self._record(partition, span.first, now)", "pass")),
    "epochs outlive an assignment": _epochs(("self._current.clear()", "pass")),
    "epochs do not follow the model": _epochs(("if last != now:", "if last is None:")),
    "state set aside is ahead of the commit": _fold(
        ("standing is None or standing.offset > committed.offset", "standing is None")
    ),
    "snapshots are newer than the commit": _fold(
        ("if each[0] <= committed]", "]"),
        ("*self.current())\n", "*self.current())\n        self.state.write_due({})\n"),
    ),
    "state is not folded forward": _fold(("in rows(fetched.past):", "in rows(None):")),
    "a lot is folded again when it was aborted": Mutant(lambda: Parts(scorer=FoldsAgain)),
    "offsets are committed before delivery": _at_least_once(
        ("self._deliver(pending)\n", "first = pending\n"),
        (SETTLED, f"{SETTLED}        self._settle()\n        self._deliver(first)\n"),
    ),
    "delivery is not awaited": _at_least_once(("while self._producer.flush(self._call_s):", "while False:")),
    "cards left aside are ahead of the commit": _whole(state=[("and fold.at.leads_to(committed)", "")]),
    "snapshots are taken of what is pending": _whole(
        worker=[(SCORED, f"{SCORED}            self._state.write_due({{}})\n")],
        state=[("self._album.newest(partition, committed,", "self._album.newest(partition, Point(2**62),")],
    ),
    "what was answered already is not remembered": _whole(
        scoring=[("self.state.remember(fetched.past, past.rows)", "pass")]
    ),
    "labels are thought to be complete": _whole(
        scoring=[("len(at) > 0 and self.labels.stalled(int(at.max()))", "False")]
    ),
    "a stalled lot does not say up to where": _whole(scoring=[("self.labels.offsets() if stalled else None", "None")]),
    "refused records leave nothing": _whole(
        scoring=[("*(self._dead_letter(judged.fetched, refusal) for refusal in judged.lot.refusals),", "")]
    ),
    "stops are not written down": _whole(
        scoring=[("counted(fetched, lot.refusals, self.limits, self.standing())", "fetched.spans")]
    ),
    "stops are forgotten at a handover": _whole(source=[('found.metadata or ""', '""')]),
    "partitions that stopped are read on": _whole(
        worker=[
            (
                "self._stops.keep(self._orders.learn(), self._schemas.waiting(self._source.positions))",
                "self._orders.learn()",
            )
        ]
    ),
}
