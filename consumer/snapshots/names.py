"""What snapshots are called: by partition and offset, so that names sorted are snapshots sorted."""

import re
from dataclasses import dataclass
from typing import Final, Self

from consumer.snapshots.header import Taken

FORM: Final = re.compile(
    r"partition=(?P<partition>[0-9]{5,10})/(?P<offset>[0-9]{20})-(?P<log_ms>[0-9]{14})-(?P<mark>[0-9a-f]{8})\.snapshot"
)
SUFFIX: Final = ".snapshot"
DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """`mark` tells origins apart; the header decides."""

    partition: int
    offset: int
    log_ms: int
    mark: str

    @classmethod
    def of(cls, taken: Taken) -> Self:
        return cls(taken.partition, taken.offset, taken.log_ms, taken.origin.mark)

    @classmethod
    def parse(cls, path: str) -> Self | None:
        found = FORM.fullmatch(path)
        if found is None:
            return None
        return cls(int(found["partition"]), int(found["offset"]), int(found["log_ms"]), found["mark"])

    def __str__(self) -> str:
        return f"{folder(self.partition)}/{self.offset:020d}-{self.log_ms:014d}-{self.mark}{SUFFIX}"

    @property
    def day(self) -> int:
        """Of the log, counted from 1970 in UTC."""
        return self.log_ms // DAY_MS


def folder(partition: int) -> str:
    return f"partition={partition:05d}"
