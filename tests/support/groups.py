"""How tests are shared out where they run in several processes: those that share costly parts stay together."""

from pathlib import PurePath
from typing import Final

from xdist.scheduler import LoadScopeScheduling

LONGEST: Final = ("simulation", "faults", "replaying", "training", "consumer", "fraudstream")
"""Folders whose tests begin before others', so that no process is left alone with them at the end."""


def rank(nodeid: str) -> int:
    room = _room(nodeid)
    return LONGEST.index(room) if room in LONGEST else len(LONGEST)


class Scheduling(LoadScopeScheduling):
    """One file at a time; of folders that are not among the longest, all files."""

    def _split_scope(self, nodeid: str) -> str:
        path = PurePath(nodeid.split("::", maxsplit=1)[0])
        return str(path if path.parent.name in LONGEST else path.parent)


def _room(nodeid: str) -> str:
    return PurePath(nodeid.split("::", maxsplit=1)[0]).parent.name
