"""The live generation as Redis has it: its pointer, what is known of it, and all of its customers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schemas.churn import NAME, Keys, Meta


@dataclass(frozen=True, slots=True)
class Published:
    """`redis` gives bytes, times out by itself and does not retry. Every answer raises RedisError or ValueError."""

    redis: Any
    keys: Keys

    def pointer(self) -> str | None:
        """Generation and fence; None where nothing is published."""
        found = self.redis.get(self.keys.current)
        return None if found is None else str(found.decode())

    def meta(self, generation: str) -> Meta | None:
        """None: it was published by a release that left no chunks to copy."""
        fields = self.redis.hgetall(self.keys.meta(generation))
        found = {name.decode(): value.decode() for name, value in fields.items()}
        if not found:
            raise ValueError(f"the pointer names {generation}, and nothing is known of it")
        return Meta.read(generation, found) if "chunks" in found else None

    def chunks(self, meta: Meta) -> Iterator[bytes]:
        for number in range(meta.chunks):
            chunk = self.redis.get(self.keys.chunk(meta.generation, number))
            if chunk is None:
                raise ValueError(f"chunk {number} of {meta.chunks} of {meta.generation} is gone")
            yield chunk

    def close(self) -> None:
        self.redis.close()


def named(pointer: str) -> str:
    """The generation. Raises ValueError where no publisher would have written that."""
    generation = pointer.partition(" ")[0]
    if not NAME.fullmatch(generation):
        raise ValueError(f"the pointer says {pointer[:80]!r}, which names no generation")
    return generation
