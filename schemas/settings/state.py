"""Where snapshots of the cards' state go, how often one is taken, and which are kept."""

from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from schemas.durations import UNITS_MS, milliseconds
from schemas.settings.group import Group, words
from schemas.settings.labels import Duration

SCHEMES: Final = ("file", "s3", "gs", "abfs", "abfss")


def state_url(url: SecretStr) -> SecretStr:
    text = url.get_secret_value()
    if not text.strip():
        raise ValueError("should name a folder, or an address such as s3://bucket/folder")
    if "://" in text and not text.startswith(tuple(f"{scheme}://" for scheme in SCHEMES)):
        raise ValueError(f"should be a folder, or begin with one of {', '.join(f'{each}://' for each in SCHEMES)}")
    try:
        urlsplit(text)
    except ValueError:
        raise ValueError("is no valid address; a key in it must be percent-encoded") from None
    return url


def some_time(text: str) -> str:
    if milliseconds(text) < UNITS_MS["s"]:
        raise ValueError("should be at least 1s")
    return text


class State(Group):
    url: Annotated[
        SecretStr, AfterValidator(state_url), words("folder, or file://, s3://, gs:// or abfs:// address")
    ] = SecretStr("~/.local/share/fraudstream/state")
    """Where snapshots are kept. A folder is good only where the worker comes back to the same one after a restart."""
    snapshot_every: Annotated[Duration, AfterValidator(some_time)] = "10m"
    """How long after a partition's last snapshot the next one is due, if anything was scored since."""
    snapshot_rows: Annotated[int, Field(ge=1_000, le=1_000_000_000)] = 2_000_000
    """After how many transactions of a partition the next one is due, however soon that is."""
    keep_last: Annotated[int, Field(ge=1, le=1_000)] = 3
    """How many of the newest snapshots of a partition are kept."""
    keep_days: Annotated[int, Field(ge=0, le=4_000)] = 7
    """For how many days one snapshot of each day is kept besides: how far back decisions can be rebuilt."""

    @property
    def snapshot_every_s(self) -> float:
        return milliseconds(self.snapshot_every) / 1000
