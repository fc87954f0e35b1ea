"""Commands that are packed already, sent to Redis in one go, and their answers.

The client's own pipeline packs every argument of every command for itself, which takes longer than everything else.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from redis import Redis

COMMANDS_AT_ONCE: Final = 2_000
T = TypeVar("T")


class Line:
    """Over the connections of a client, so that login, encryption and timeouts are its own."""

    def __init__(self, redis: Redis) -> None:
        self._pool: Any = redis.connection_pool

    def send(self, packed: bytes, count: int) -> list[Any]:
        """The answers to `count` commands. Raises RedisError where it fails or any of them is refused."""
        connection = self._pool.get_connection()
        try:
            connection.send_packed_command([packed], check_health=False)
            return [connection.read_response() for _ in range(count)]
        except BaseException:
            connection.disconnect()  # there may be answers that nobody waits for
            raise
        finally:
            self._pool.release(connection)

    def each(self, items: Iterable[T], words: Callable[[T], Sequence[str | int]]) -> Iterator[Any]:
        """The answers to one command for each item, in order."""
        rest = iter(items)
        while batch := list(islice(rest, COMMANDS_AT_ONCE)):
            yield from self.send(b"".join(packed(*words(item)) for item in batch), len(batch))


def packed(*words: str | int | bytes) -> bytes:
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)


def text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def texts(fields: Mapping[Any, Any]) -> dict[str, str]:
    return {text(name): text(value) for name, value in fields.items()}
