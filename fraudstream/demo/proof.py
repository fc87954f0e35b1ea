"""Whether decisions are what follows from the logs: all are made once more, as `fraudstream replay` makes them."""

from collections.abc import Mapping
from dataclasses import asdict

from consumer.deciding import recalled
from consumer.replaying.account import Account
from consumer.replaying.archive import Archive
from consumer.replaying.replay import Replay
from consumer.replaying.stretch import Stretch
from schemas.settings import Settings


def wrong(settings: Settings, starts: Mapping[int, int]) -> int:
    """How many flags and scores are not those that the logs give from these offsets on, to the last bit.

    A decision that cannot be computed anew is not right either.
    """
    with Archive.of(settings, snapshots=False) as archive:
        ends = archive.transactions.ends
        asked = [Stretch(partition, start, ends[partition]) for partition, start in starts.items()]
        replay = Replay(archive, lambda model, policy: recalled(settings, asdict(model), policy))
        account = replay.run(asked, Account())
    return account.kinds.total() + account.undecided + account.other_version + account.cold
