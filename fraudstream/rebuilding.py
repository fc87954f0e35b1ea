"""Makes the state of a group that is to take over, beside the one that runs and without its noticing."""

from collections.abc import Callable, Iterator

from consumer.rebuilding import Rebuilder, Rebuilt
from fraudstream.groups import Say, committed_by, of_group, require_new
from fraudstream.orders import answering
from producer.orders import standing
from schemas.settings import Settings


def rebuild(settings: Settings, into: str, say: Say, note: Callable[[str], None]) -> Iterator[Rebuilt]:
    """Up to where the running group stands. What it was ordered to skip is skipped: the switch takes those along."""
    new = of_group(settings, into)
    ends = committed_by(settings)
    require_new(new)
    held = standing(settings, note)
    with answering(settings), Rebuilder(new, held) as rebuilder:
        done = 0
        for partition, end in sorted(ends.items()):

            def told(records: int, before: int = done) -> None:
                say("records", before + records)

            rebuilt = rebuilder.fold(partition, end, told)
            done += rebuilt.records
            yield rebuilt
