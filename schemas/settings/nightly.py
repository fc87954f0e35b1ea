"""The nightly run: who is scored with what, when a generation is refused, and where past ones are kept."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from schemas.durations import milliseconds
from schemas.settings.group import Group, words
from schemas.settings.labels import Duration
from schemas.settings.state import some_time, state_url
from schemas.settings.stores import empty_is_none

Share = Annotated[float, Field(ge=0, le=1)]


class Nightly(Group):
    model: str = "models:/churn@champion"
    """What scores: a name in the registry with its number or alias, or a folder."""
    customers: str = ""
    """Where customers are read from when the command line does not say it: a file, a folder, or an address such as
    s3://bucket/folder."""
    threshold: Share = 0.6
    """A customer whose score is strictly above this is at risk."""
    work: Path = Path("~/.local/share/fraudstream/nightly")
    """Where rows are set aside while a run works, and where its rejects are written."""
    yields: bool = True
    """Whether a run lets everything else on its host go first: the scorer that works beside it, above all."""
    share: Annotated[float, Field(ge=0.01, le=1)] = 1.0
    """Which share of the time a run works, resting in between many times a second: below 1 on a host whose scorer must
    not wait for it. Linux alone; Spark's engine has its own means."""
    lease: Annotated[Duration, AfterValidator(some_time)] = "30s"
    """After how long without a sign of life a run's lock ends."""
    max_change: Annotated[float, Field(ge=0, le=1_000)] = 0.2
    """Gate rows: by what share the number of customers may differ from what is expected, or from what is live."""
    max_rejected: Share = 0.01
    """Gate rejected: which share of the rows may be of no use."""
    max_duplicates: Share = 0.001
    """Gate duplicates: which share of the rows may be of customers that were there before; the first row counts."""
    max_blank: Share = 0.5
    """Gate nulls: in which share of the rows a column that the model uses may be blank."""
    max_unknown: Share = 0.05
    """Gate unknown: in which share of the rows a column may hold a category that was not there in training."""
    max_drift: Annotated[float, Field(ge=0, le=1_000)] = 0.25
    """Gate drift: the highest population stability index of the scores against the live generation, by its deciles."""

    @property
    def lease_s(self) -> float:
        return milliseconds(self.lease) / 1000


class Archive(Group):
    url: Annotated[
        SecretStr | None,
        BeforeValidator(empty_is_none),
        AfterValidator(lambda url: url if url is None else state_url(url)),
        words("folder, or file://, s3://, gs:// or abfs:// address"),
    ] = None
    """Where the packed form of every generation is kept, for computing past decisions anew; unset: nowhere."""
    keep_days: Annotated[int, Field(ge=1, le=40_000)] = 400
    """For how many days."""
