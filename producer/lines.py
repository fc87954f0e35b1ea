"""Lines of a byte stream as they come: a slow writer's line is there at once, a fast one's come many at a time."""

from collections import deque
from collections.abc import Iterator
from io import BufferedReader, BytesIO
from typing import Final

READ_BYTES: Final = 1 << 18


class Lines(Iterator[bytes]):
    """Without their ends. `drained`: asking for the next line may have to wait for the writer."""

    def __init__(self, stream: BufferedReader | BytesIO) -> None:
        self.number = 0
        self._stream = stream
        self._whole: deque[bytes] = deque()
        self._begun = b""

    @property
    def drained(self) -> bool:
        return not self._whole

    def __next__(self) -> bytes:
        while not self._whole:
            self._fill()
        self.number += 1
        return self._whole.popleft()

    def _fill(self) -> None:
        data = self._stream.read1(READ_BYTES)
        if data:
            *whole, self._begun = (self._begun + data).split(b"\n")
            self._whole.extend(whole)
        elif self._begun:
            self._whole.append(self._begun)
            self._begun = b""
        else:
            raise StopIteration
