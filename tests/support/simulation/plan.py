"""What one seed stands for: how many do what on which input, and how often which fault strikes."""

import random
from dataclasses import dataclass, field

FAULTS = ("crash", "freeze", "lost", "unheard", "late", "rebalance", "kick", "abort", "switch", "trouble")
RATES = (0.0, 0.0, 0.002, 0.006, 0.02)
CROWD = dict.fromkeys(FAULTS, 0.0) | {"lost": 0.03, "kick": 0.05, "freeze": 0.006}
LOTS = (1, 7, 1000)
CALLS = {
    "commit_transaction": 12.0,
    "send_offsets_to_transaction": 6.0,
    "init_transactions": 3.0,
    "committed": 2.0,
    "commit": 6.0,
    "flush": 6.0,
    "consume": 1.0,
    "poll": 0.6,
    "produce": 0.4,
}
"""How much more often faults strike there than at other calls."""


@dataclass(frozen=True)
class Plan:
    seed: int
    workers: int
    partitions: int
    cards: int
    events: int
    lot_rows: tuple[int, ...]
    static: bool
    exactly_once: bool
    from_end: bool
    rates: dict[str, float] = field(repr=False)
    chaos_s: float = 20.0
    session_s: float = 1.5
    transaction_s: float = 4.0


def plan(seed: int, *, exactly_once: bool | None = None, crowded: bool = False) -> Plan:
    """Each schedule has only some of the faults, so that those are frequent enough to meet one another.

    `crowded`: several workers, which often lose a request and their partitions at once, and have no other trouble.
    """
    rng = random.Random(seed)
    rates = {fault: rng.choice(RATES) for fault in FAULTS} | (CROWD if crowded else {})
    rates["switch"] = rng.choice((0.05, 0.2, 0.5))
    workers = rng.choice((2, 3) if crowded else (1, 2, 2, 3))
    return Plan(
        seed=seed,
        workers=workers,
        partitions=rng.choice((1, 2, 3)),
        cards=rng.choice((2, 5)),
        events=rng.choice((10, 20, 40)),
        lot_rows=tuple(rng.choice(LOTS) for _ in range(workers)),
        static=rng.random() < 0.6,
        exactly_once=rng.random() < 0.85 if exactly_once is None else exactly_once,
        from_end=rng.random() < 0.15,
        rates=rates,
    )
