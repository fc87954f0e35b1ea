"""Hands the place of one group over to another, whose state was made before: its offsets, and what was ordered of it.

    1. nobody is in either, and the old one's last transaction has ended
    2. the new one gets its offsets, and what is kept beside them of dead letters
    3. on record: where each partition began, then the orders that held for the old one, as they were given

A command that was interrupted is run again: it comes to the same offsets.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from fraudstream.doctor.offsets import Offsets
from fraudstream.groups import committed_by, of_group
from fraudstream.moving import Move, execute, moves, require_empty
from fraudstream.orders import PATIENCE_S, answering
from models.registry.by import By
from producer.orders import standing
from schemas.errors import Usage
from schemas.orders import Order
from schemas.settings import Settings
from schemas.standing import Standing


@dataclass(frozen=True, slots=True)
class Switch:
    old: str
    new: Settings
    moves: list[Move]
    texts: Mapping[int, str]
    carried: list[Order]

    def execute(self, by: By) -> None:
        why = f"{by.why} (takes over from {self.old})"
        execute(self.new, self.moves, replace(by, why=why), self.texts, self.carried)


def plan(settings: Settings, into: str, say: Callable[[str], None]) -> Switch:
    new = of_group(settings, into)
    committed_by(settings)
    for each in (settings, new):
        require_empty(each)
    with answering(settings):
        offsets = Offsets(settings, PATIENCE_S)
        places, spans, there = offsets.settled(), offsets.spans(), Offsets(new, PATIENCE_S).committed()
    goals = {each.partition: each.offset for each in places}
    _refuse_used(into, there, goals)
    texts = {each.partition: each.metadata or "" for each in places}
    carried = _carried(standing(settings, say), standing(new, say))
    return Switch(settings.score.group, new, moves(new, goals, spans, there, say), texts, carried)


def _refuse_used(group: str, there: Mapping[int, int], goals: Mapping[int, int]) -> None:
    """It may have come this far before, but not on."""
    if any(goals.get(each) != offset for each, offset in there.items()):
        raise Usage(
            f"the group {group!r} has offsets of its own, so it has answered already",
            fix="take the name of a group that never was; one that is there is moved with `fraudstream operate move`",
        )


def _carried(old: Standing, new: Standing) -> list[Order]:
    """Who gave them and why stays as it was."""
    held = [order for place, order in old.paused.items() if place not in new.paused]
    held += [order for place, order in old.skipped.items() if place not in new.skipped]
    held += [order for slot, order in old.drained.items() if slot not in new.drained]
    held += old.resumed.values()  # being moved ends them, also those that were carried before
    sent = {id(order): order for some in old.replayed.values() for _, _, order in some}
    known = {(order.partition, order.offsets) for some in new.replayed.values() for _, _, order in some}
    held += [order for order in sent.values() if (order.partition, order.offsets) not in known]
    return [order.model_copy(update={"group": new.group}) for order in held]
