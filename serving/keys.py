"""Who may ask: a key is compared with every key there is, in a time that does not depend on where they differ."""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Self

from schemas.errors import Misconfigured
from schemas.settings.serve import KEY_WORDS, SHORTEST_KEY, Serve, split_keys

BEARER: Final = b"bearer "
HEADER: Final = b"x-api-key"
MOST_BYTES: Final = 1_024
MOST_GIVEN: Final = 4
"""Headers that are looked at: nobody guesses many keys with one request."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Digests alone are kept. Without any, everybody may ask."""

    digests: tuple[bytes, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, settings: Serve) -> Self:
        """Raises Misconfigured for a file that cannot be read, or that holds no key or a short one."""
        found = split_keys(settings.keys.get_secret_value())
        if settings.keys_file is not None:
            found += _of_file(settings)
        return cls(tuple(map(_digest, (each.encode() for each in found))))

    def __bool__(self) -> bool:
        return bool(self.digests)

    def allow(self, headers: list[tuple[bytes, bytes]]) -> bool:
        """Whether one of the keys is named, as `Authorization: Bearer` or `X-API-Key`; one right one is enough."""
        given = [_digest(each) for each in islice(_given(headers), MOST_GIVEN)]
        same = [hmac.compare_digest(one, each) for one in given for each in self.digests]
        return any(same)


def _of_file(settings: Serve) -> list[str]:
    path = settings.keys_file
    assert path is not None  # noqa: S101 - asked by the caller
    try:
        found = split_keys(path.expanduser().read_text("utf-8"))
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise Misconfigured(f"serve.keys_file {path} cannot be read: {why}", fix="name a file of keys") from None
    if not found or min(map(len, found)) < SHORTEST_KEY:
        raise Misconfigured(f"serve.keys_file {path} has no key, or a short one", fix=f"it should hold {KEY_WORDS}")
    return found


def _given(headers: list[tuple[bytes, bytes]]) -> Iterator[bytes]:
    for name, value in headers:
        if name == HEADER:
            yield value[:MOST_BYTES]
        if name == b"authorization" and value[: len(BEARER)].lower() == BEARER:
            yield value[len(BEARER) :][:MOST_BYTES].strip()


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
