"""The wire of one program in a simulation: what the dice say happens to each of its calls."""

from confluent_kafka import KafkaError
from support.memory_kafka import Broker, Fate, Wire
from support.simulation.plan import CALLS, Plan
from support.simulation.turns import Program, Turns

FATES = {"lost": Fate.LOST, "unheard": Fate.UNHEARD, "late": Fate.LATE}
FREEZES_S = (0.5, 2.5, 6.0, 20.0)
LATENCY_S = 0.001


class FaultyWire(Wire):
    """Says what it did to `note`. Nothing strikes once `plan.chaos_s` is over."""

    def __init__(self, turns: Turns, broker: Broker, plan: Plan, note: "Note", group: str) -> None:
        super().__init__(broker.clock)
        self._turns, self._broker, self._plan, self._note, self._group = turns, broker, plan, note, group
        self.program: Program | None = None
        self.troubles: list[object] = []

    @property
    def beats(self) -> bool:
        return self.program is not None and self.program.beats

    def send(self, call: str) -> Fate:
        program = self._mine()
        program.check()
        self._note.calls += 1
        self.clock.sleep(LATENCY_S)
        if self.clock.now >= self._plan.chaos_s:
            self._turns.give_way(program)
            return Fate.FINE
        struck = self._strike(CALLS.get(call, 1.0))
        self._note.hear(self.clock.now, program.name, call, struck)
        return self._suffer(struck, program)

    def wait(self, seconds: float) -> None:
        self._turns.give_way(self._mine(), seconds)

    def _mine(self) -> Program:
        assert self.program is not None
        return self.program

    def _strike(self, weight: float) -> str:
        dice = self._turns.rng.random()
        for fault, rate in self._plan.rates.items():
            dice -= rate if fault == "switch" else rate * weight
            if dice < 0:
                return fault
        return ""

    def _suffer(self, struck: str, program: Program) -> Fate:
        group, rng = self._broker.group(self._group), self._turns.rng
        match struck:
            case "crash":
                program.die()
            case "freeze":
                program.frozen_until = self.clock.now + rng.choice(FREEZES_S)
                self._turns.give_way(program)
            case "switch":
                self._turns.give_way(program)
            case "rebalance":
                group.rebalance()
            case "kick" if group.members:
                group.drop(rng.choice(sorted(group.members)))
            case "abort" if opened := self._broker.transactions.open():
                self._broker.transactions.abort(rng.choice(opened))
            case "trouble":
                for hear in self.troubles:
                    hear(KafkaError(KafkaError._TRANSPORT))  # type: ignore[operator]
        return FATES.get(struck, Fate.FINE)


class Note:
    """What happened; the words are only kept where somebody wants to read them."""

    def __init__(self, keep: bool = False) -> None:
        self._keep = keep
        self.calls = 0
        self.struck: dict[str, int] = {}
        self.lines: list[str] = []

    def hear(self, now: float, who: str, call: str, struck: str) -> None:
        if struck:
            self._count(struck)
        if self._keep:
            self.lines.append(f"{now:9.3f} {who:14} {call:28} {struck}")

    def count(self, now: float, who: str, what: str) -> None:
        self._count(what)
        if self._keep:
            self.lines.append(f"{now:9.3f} {who:14} -- {what}")

    def _count(self, what: str) -> None:
        self.struck[what] = self.struck.get(what, 0) + 1
