"""Makes the model that ships with the package again: `python -m fraudstream.demo.remake`, `--check` only compares."""

import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from fraudstream.demo.model import ARTEFACT, DIGEST, POLICY, SHIPPED
from fraudstream.demo.stage import POLICY_SETTINGS, as_environment
from fraudstream.demo.training import Lesson, learn
from fraudstream.policy_making import policy_of
from fraudstream.trials import player
from models.artefact.load import load
from models.judging.thresholds import Costs
from models.training.aims import Aims, Kind
from models.training.train import Recipe
from schemas.errors import DONE
from schemas.settings import load as settings_of

WRONG_BLOCK: Final = 2_000
"""What blocking a genuine payment is held to cost, in minor units: so little that a viewer sees some blocked."""
LESSON: Final = Lesson(customers=4_000, days=110, seed=11, options=("--wrong-block-cost", str(WRONG_BLOCK)))
KIND: Final[Kind] = "cost"
AIMS: Final = Aims(costs=Costs(wrong_block_minor=WRONG_BLOCK))
DIFFERS: Final = 1


def main(arguments: Sequence[str]) -> int:
    """Exit code 1 where what was made is not what stands there."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        learn(LESSON, folder, as_environment(POLICY_SETTINGS), "--out", ARTEFACT, "--kind", KIND)
        digest = complete(folder)
        shipped = (SHIPPED / DIGEST).read_text().strip() if SHIPPED.exists() else "nothing"
        if "--check" in arguments:
            sys.stderr.write(f"made {digest}, shipped is {shipped}\n")
            return DONE if digest == shipped else DIFFERS
        shutil.rmtree(SHIPPED, ignore_errors=True)
        SHIPPED.mkdir()
        for each in (ARTEFACT, POLICY, DIGEST):
            shutil.move(folder / each, SHIPPED / each)
    sys.stderr.write(f"{SHIPPED} is {digest}, it was {shipped}\n")
    return DONE


def complete(folder: Path) -> str:
    """Policy and digest beside the artefact."""
    loaded = load(folder / ARTEFACT)
    content = loaded.manifest.content
    at = player(loaded, ARTEFACT, KIND).at
    policy = policy_of(content, KIND, at, Recipe(kind=KIND, aims=AIMS), settings_of(POLICY_SETTINGS))
    (folder / POLICY).write_bytes(policy.to_bytes())
    (folder / DIGEST).write_text(f"{content}\n")
    return content


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
