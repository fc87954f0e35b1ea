"""The product's worker on the one job: its client, lots, decoder, cards with snapshots, transactions and trees.

What differs from `fraudstream score`: the job's 15 features and model decide, and every score goes out as the job says.
Cards remember all that they do for the product; what no other peer has is left out: features that the job does not
have, answers of labels, rules, reasons and drift. Churn is asked for as ever. Settings come from the environment, one
slot a process.
"""  # noqa: INP001

import argparse
from pathlib import Path
from typing import Any

from bench.peers.job import FEATURES, model
from bench.peers.our_job import Job, Windows
from consumer import bootstrap
from models import trees
from schemas.settings import load
from schemas.topics import Role


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--material", type=Path, required=True)
    parser.add_argument("--slot", type=int, default=0)
    given = parser.parse_args()
    settings = load()
    usual: Any = bootstrap._scorer  # noqa: SLF001 - the one part that is replaced
    evaluator = trees.compile(model(given.material), len(FEATURES))
    trees.warm()

    def scorer(settings: Any, identity: str, state: Any, **named: Any) -> Any:  # noqa: ANN401
        memory = state._memory  # noqa: SLF001 - nothing is folded yet
        state._memory = Windows(memory.cards, memory.labels, memory.places)  # noqa: SLF001
        return Job(usual(settings, identity, state, **named), evaluator, settings.topics.name(Role.SCORES))

    bootstrap._scorer = scorer  # type: ignore[assignment]  # noqa: SLF001
    bootstrap.run(settings, given.slot)


if __name__ == "__main__":
    main()
