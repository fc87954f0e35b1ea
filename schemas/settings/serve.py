"""The HTTP door: where it listens, who may ask, how much it takes at once and how long it waits."""

import ipaddress
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from schemas.durations import milliseconds
from schemas.settings.enrich import some_while
from schemas.settings.group import Group, words, wrong
from schemas.settings.labels import Duration
from schemas.settings.stores import empty_is_none

MIB: Final = 1 << 20
SHORTEST_KEY: Final = 16
KEY_WORDS: Final = f"keys of {SHORTEST_KEY} characters or more, separated by commas"

While = Annotated[Duration, AfterValidator(some_while)]
File = Annotated[Path | None, BeforeValidator(empty_is_none)]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def long_enough(keys: SecretStr) -> SecretStr:
    """Raises ValueError, without the key, for one that could be guessed."""
    if any(len(key) < SHORTEST_KEY for key in split_keys(keys.get_secret_value())):
        raise ValueError(f"should be {KEY_WORDS}")
    return keys


def split_keys(text: str) -> list[str]:
    return [key for key in (each.strip() for each in text.replace("\n", ",").split(",")) if key]


class Serve(Group):
    host: str = Field(default="127.0.0.1", min_length=1)
    """Address to listen on. Any other than this machine's own needs keys, or `serve.without_keys`."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    """Port to listen on; 0 is any free one, and the start line names it."""
    workers: Annotated[int, Field(ge=1, le=256)] = 1
    """Processes that share the port, each with the model in memory."""
    keys: Annotated[SecretStr, AfterValidator(long_enough), words(KEY_WORDS)] = SecretStr("")
    """Keys of which a caller must name one, separated by commas; two at once while callers change from one to the
    next."""
    keys_file: File = None
    """File with such keys, one in a line, for those who mount secrets as files."""
    without_keys: bool = False
    """Listen beyond this machine without asking for a key: for networks where something else decides who may ask."""
    tls_cert: File = None
    """File with the certificate and what leads to its root, PEM; with serve.tls_key the door speaks HTTPS alone."""
    tls_key: File = None
    """File with the certificate's private key, PEM."""
    timeout: While = "60s"
    """How long a request may take, from its headers to its answer; then it is answered with 504."""
    headers_timeout: While = "10s"
    """How long a client may take to send the headers of a request."""
    body_timeout: While = "30s"
    """How long a client may take to send the body, and to take a piece of the answer."""
    idle_timeout: While = "75s"
    """How long a connection is kept on which nothing is asked."""
    drain: While = "15s"
    """How long requests that are under way may go on when the door is asked to end."""
    connections: Annotated[int, Field(ge=1, le=100_000)] = 1_000
    """Most connections of a process; one more is answered with 503 and closed."""
    body_bytes: Annotated[int, Field(ge=1_024, le=1 << 30)] = 16 * MIB
    """Most bytes of a body; more is answered with 413."""
    rows: Annotated[int, Field(ge=1, le=10_000_000)] = 100_000
    """Most rows of a body; more is answered with 413."""
    batch_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 4_096
    """Most rows that requests are put together to before the model sees them."""
    queue_rows: Annotated[int, Field(ge=1, le=100_000_000)] = 200_000
    """Most rows that wait for the model; more is answered with 429 and a Retry-After."""
    queue_bytes: Annotated[int, Field(ge=1_024, le=1 << 36)] = 128 * MIB
    """Most bytes of bodies that are read or wait for the model; more is answered with 429 and a Retry-After."""
    score_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 50_000
    """Most transactions, history and labels together, of a request to /v1/transactions/score; more is answered with
    413."""
    flags_kept: Annotated[int, Field(ge=1, le=1_000_000)] = 5_000
    """Most flags that /v1/flags remembers; about two kilobytes each."""
    flags_back: While = "1d"
    """How far back /v1/flags reads when the door opens."""
    history_records: Annotated[int, Field(ge=1_000, le=100_000_000)] = 200_000
    """How many records of a partition /v1/cards/…/transactions looks back over; a few seconds end it as well."""
    lookup_back: While = "30d"
    """How far back /v1/labels looks for a transaction of which the label does not tell enough."""

    @property
    def timeout_s(self) -> float:
        return milliseconds(self.timeout) / 1000

    @property
    def headers_timeout_s(self) -> float:
        return milliseconds(self.headers_timeout) / 1000

    @property
    def body_timeout_s(self) -> float:
        return milliseconds(self.body_timeout) / 1000

    @property
    def idle_timeout_s(self) -> float:
        return milliseconds(self.idle_timeout) / 1000

    @property
    def drain_s(self) -> float:
        return milliseconds(self.drain) / 1000

    @property
    def flags_back_ms(self) -> int:
        return milliseconds(self.flags_back)

    @property
    def lookup_back_ms(self) -> int:
        return milliseconds(self.lookup_back)

    @property
    def has_keys(self) -> bool:
        return bool(split_keys(self.keys.get_secret_value())) or self.keys_file is not None

    @model_validator(mode="after")
    def _closed_to_strangers(self) -> Self:
        if not is_loopback(self.host) and not self.has_keys and not self.without_keys:
            raise wrong(
                f"{self.host} can be reached from elsewhere, and no key is asked for: set serve.keys or "
                "serve.keys_file, or say serve.without_keys=true",
                "serve.host",
                "serve.keys",
            )
        return self

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise wrong("a certificate and its key go together", "serve.tls_cert", "serve.tls_key")
        return self
