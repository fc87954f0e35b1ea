"""Why a snapshot is not restored from: a closed list, the same in logs, in metrics and on the command line."""

from enum import StrEnum


class Reason(StrEnum):
    AHEAD = "ahead"
    """It has folded records beyond the committed offset."""
    BEHIND_THE_LOG = "behind_the_log"
    """The log does not reach back to it: records between them could not be folded."""
    OTHER_CLUSTER = "other_cluster"
    OTHER_TOPIC = "other_topic"
    """Another name, or the same name made again."""
    OTHER_PARTITION = "other_partition"
    OTHER_PARTITION_COUNT = "other_partition_count"
    OTHER_GROUP = "other_group"
    OTHER_FOLD = "other_fold"
    """Other code or other settings would have made other state."""
    OTHER_LOG = "other_log"
    """The log it folded was cut and written anew: so the broker says, or so the leader epochs of the records do."""
    DAMAGED = "damaged"
    UNREADABLE = "unreadable"
    """The store did not hand it out."""


class Ignored(Exception):
    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def damaged(detail: str) -> Ignored:
    return Ignored(Reason.DAMAGED, detail)
