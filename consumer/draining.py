"""What a client has fetched already, taken without waiting."""

from typing import Any, Final

CHUNK_ROWS: Final = 500
"""Records per call of `consume`: fewer cost more per record, more gain nothing."""


def drained(client: Any, messages: list[Any], rows: int, size: int) -> list[Any]:  # noqa: ANN401 - a consumer
    """Behind those, as many as there are, up to so many rows or bytes."""
    held = sum(len(message) for message in messages)
    while len(messages) < rows and held < size:
        more = client.consume(min(CHUNK_ROWS, rows - len(messages)), 0)
        if not more:
            break
        held += sum(map(len, more))
        messages += more
    return messages
