"""Publishes one generation to Redis: readers see the old one or the new one, never a mixture, never half of one.

    1. claim    a fence number higher than any before; meta says `writing`; what an attempt that died left is removed
    2. write    meta, the buckets and the chunks, under the new generation's keys alone
    3. verify   every bucket holds as many customers as were written into it, the chunks have the digest
    4. flip     meta says `published`, the pointer moves, the log says so: one script, refused when somebody with a
                higher fence has published, or has claimed this generation, or it was pruned, meanwhile
    5. expire   every generation with a lower fence, but for the one that was just replaced

Whatever fails before 4 leaves the old generation live, and the same call may be made again. What is published is
never rewritten. Going back is step 3 for the older generation, and step 4 with a new fence number.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import structlog
from redis import Redis
from redis.exceptions import RedisError, ResponseError

from batch.nightly.buckets import Integers
from batch.nightly.content import Content
from batch.nightly.line import Line, packed, text, texts
from models.churn.packed import Packed, digest, unpacked
from schemas.churn import Keys, Meta, instant
from schemas.errors import DependencyAway, Misconfigured, Usage

Say = Callable[[str, int], None]

log = structlog.get_logger(__name__)

LOGGED: Final = 1_000
GRACE_S: Final = 3_600  # readers finish what they began, then look at the pointer again
FIX_EVICTED: Final = "let this Redis evict nothing and one publisher run at a time; try again"

# KEYS: pointer, highest fence, meta, log. ARGV: generation, fence, at, ...
LIVE: Final = f"""
local pointer = redis.call('GET', KEYS[1]) or ''
local live = tonumber(string.match(pointer, ' (%d+)$') or 0)
local function log(...)
    redis.call('XADD', KEYS[4], 'MAXLEN', '~', {LOGGED}, '*', 'generation', ARGV[1], 'at', ARGV[3], ...)
end
local function next_fence()
    local fence = math.max(redis.call('INCR', KEYS[2]), live + 1)
    redis.call('SET', KEYS[2], fence)
    return fence
end
"""
CLAIM: Final = f"""{LIVE}
if redis.call('HGET', KEYS[3], 'status') == 'published' then return {{0, 0, 0}} end
local buckets = tonumber(redis.call('HGET', KEYS[3], 'last_bucket') or -1)
local chunks = tonumber(redis.call('HGET', KEYS[3], 'last_chunk') or -1)
local fence = next_fence()
redis.call('HSET', KEYS[3], 'status', 'writing', 'fence', fence, 'last_bucket', math.max(buckets, tonumber(ARGV[4])),
    'last_chunk', math.max(chunks, tonumber(ARGV[5])))
redis.call('PERSIST', KEYS[3])
log('event', 'writing', 'fence', fence)
return {{fence, buckets, chunks}}
"""
FLIP: Final = f"""{LIVE}
local fence = tonumber(ARGV[2])
if live >= fence or tonumber(redis.call('HGET', KEYS[3], 'fence') or 0) ~= fence then return false end
if redis.call('HGET', KEYS[3], 'status') ~= 'writing' then return false end
local replaced = string.match(pointer, '^%S+') or ''
redis.call('HSET', KEYS[3], 'status', 'published', 'replaced', replaced)
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2])
log('event', 'published', 'fence', fence, 'rows', ARGV[4], 'model', ARGV[5], 'by', ARGV[6], 'why', ARGV[7],
    'replaced', replaced)
return replaced
"""
ABANDON: Final = """
local status = redis.call('HGET', KEYS[3], 'status')
if status ~= 'writing' and status ~= 'abandoned' then return 0 end
redis.call('HSET', KEYS[3], 'status', 'abandoned')
return 1
"""
BACK: Final = f"""{LIVE}
local replaced = string.match(pointer, '^%S+') or ''
if replaced ~= ARGV[2] or redis.call('HGET', KEYS[3], 'status') ~= 'published' then return false end
local fence = next_fence()
redis.call('PERSIST', KEYS[3])
redis.call('HSET', KEYS[3], 'fence', fence, 'replaced', replaced)
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. fence)
log('event', 'rolled back', 'fence', fence, 'by', ARGV[4], 'why', ARGV[5], 'replaced', replaced)
return fence
"""


@dataclass(frozen=True, slots=True)
class By:
    """Who publishes, and why something was overridden."""

    who: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Live:
    """`replaced` is empty where nothing was live before."""

    fence: int
    replaced: str
    buckets: int
    bytes_sent: int


class Publication:
    """One attempt. `last_bucket` and `last_chunk` in meta only grow: all that was ever written can be found again."""

    def __init__(self, redis: Redis, keys: Keys, say: Say = lambda _what, _rows: None) -> None:
        self._redis: Any = redis
        self._keys = keys
        self._line = Line(redis)
        self._say = say
        self._bytes = 0

    def run(self, meta: Meta, content: Content, by: By, still: Callable[[], None] = lambda: None) -> Live:
        """`still` raises where this process may not go on, before anything is seen by readers."""
        fence = self._claim(meta, content)
        numbers, counts = self._write(meta, content, fence, still)
        self._say("verifying", 0)
        self.verify(meta, numbers, counts)
        still()
        replaced = self._flip(meta, fence, by)
        self.expire(fence, {meta.generation, replaced})
        return Live(fence, replaced, len(numbers), self._bytes)

    def verify(self, meta: Meta, numbers: Integers, counts: Integers) -> None:
        """Raises Misconfigured where Redis does not hold what was written into it."""
        name = meta.generation
        found = self._line.each(numbers.tolist(), lambda number: ("HLEN", self._keys.bucket(name, number)))
        for number, count, wanted in zip(numbers.tolist(), found, counts.tolist(), strict=True):
            if count != wanted:
                said = f"{self._keys.bucket(name, number)} holds {count} customers, not the {wanted} written into it"
                raise Misconfigured(said, fix=FIX_EVICTED)
        if digest(self.chunks(meta)) != meta.digest:
            said = f"{self._keys.chunk(name, 0)} and those after it are not what was written into them"
            raise Misconfigured(said, fix=FIX_EVICTED)

    def chunks(self, meta: Meta) -> Iterable[Packed]:
        """As Redis has them."""
        for number in range(meta.chunks):
            key = self._keys.chunk(meta.generation, number)
            [content] = raw(self._redis, packed("GET", key))
            try:
                yield unpacked(content or b"")
            except ValueError as error:
                raise Misconfigured(f"{key} cannot be read: {error}", fix=FIX_EVICTED) from None

    def back(self, meta: Meta, live: str, by: By, at: str) -> int | None:
        """The new fence; None where something else is live than `live`, or the generation is gone. After `keep`."""
        fence = self._script(BACK, meta.generation, live, at, by.who, by.why)
        if fence is None:
            return None
        self.keep(meta.generation)  # who let it expire before it was live has not seen that; who does later sees it
        return int(fence)

    def expire(self, fence: int, kept: set[str]) -> None:
        """Where that fails the generation is live all the same; the next publication expires these too."""
        try:
            for name in sorted(self._logged() - kept):
                self._expire(name, fence)
        except RedisError as error:
            log.warning("churn.expiry_postponed", kept=sorted(kept), error=type(error).__name__)

    def keep(self, name: str) -> None:
        """Nothing of that generation ends by itself any more, but for what says so of it: that is for `back`."""
        for _ in self._line.each(self._all(name), lambda key: ("PERSIST", key)):
            pass

    def forget(self, name: str) -> None:
        """Everything of that generation ends after a grace."""
        for _ in self._line.each([*self._all(name), self._keys.meta(name)], lambda key: ("EXPIRE", key, GRACE_S)):
            pass

    def abandon(self, name: str) -> bool:
        """One that nobody has published, and now nobody will without claiming it again: it ends after a grace."""
        abandoned = bool(self._script(ABANDON, name))
        if abandoned:
            self.forget(name)
        return abandoned

    def _claim(self, meta: Meta, content: Content) -> int:
        last_bucket, last_chunk = content.facts.last_bucket, meta.chunks - 1
        answer = self._script(CLAIM, meta.generation, 0, instant(meta.published_at), last_bucket, last_chunk)
        fence, buckets, chunks = answer
        if not fence:
            said = f"generation {meta.generation!r} is published already, and what is published is never rewritten"
            raise Usage(said, fix="publish under a new name")
        left = self._keys_of(meta.generation, int(buckets), int(chunks))
        for _ in self._line.each(left, lambda key: ("UNLINK", key)):
            pass
        return int(fence)

    def _write(self, meta: Meta, content: Content, fence: int, still: Callable[[], None]) -> tuple[Integers, Integers]:
        name, rows = meta.generation, 0
        self._redis.hset(self._keys.meta(name), mapping=meta.fields())
        numbers, counts = [], []
        for written in content.write(self._line, self._keys, meta, fence, still):
            self._bytes += written.size
            numbers.append(written.buckets)
            counts.append(written.counts)
            rows += int(written.counts.sum())
            self._say("publishing", rows)
        for number, part in enumerate(content.chunks()):
            still()
            self._line.send(packed("SET", self._keys.chunk(name, number), part.chunk()), 1)
        return np.concatenate(numbers), np.concatenate(counts)

    def _flip(self, meta: Meta, fence: int, by: By) -> str:
        try:
            replaced = self._script(
                FLIP, meta.generation, fence, instant(meta.published_at), meta.rows, meta.model, by.who, by.why
            )
        except ResponseError:
            raise
        except RedisError as error:
            said = f"Redis went away while generation {meta.generation!r} was to go live, so it may be live: {error}"
            raise DependencyAway(said, fix="publish it again; where it did go live, that is refused") from error
        if replaced is None:
            said = f"generation {meta.generation!r} does not go live: another publisher was faster, or it was pruned"
            raise Misconfigured(said, fix="let one publisher run at a time, and prune when none does")
        return text(replaced)

    def _logged(self) -> set[str]:
        return {texts(fields)["generation"] for _, fields in self._redis.xrange(self._keys.log)}

    def _expire(self, name: str, fence: int) -> None:
        """Meta comes last: as long as it has no expiry, the next publication does this again."""
        meta = self._keys.meta(name)
        known = self._redis.hget(meta, "fence")
        if known is not None and int(known) < fence and self._redis.ttl(meta) < 0:
            self.forget(name)
            if text(self._redis.get(self._keys.current) or "").partition(" ")[0] == name:
                self.keep(name)  # somebody went back to it meanwhile
                self._redis.persist(meta)

    def _all(self, name: str) -> list[str]:
        found = self._redis.hmget(self._keys.meta(name), "last_bucket", "last_chunk")
        return self._keys_of(name, *(int(each) if each is not None else -1 for each in found))

    def _keys_of(self, name: str, last_bucket: int, last_chunk: int) -> list[str]:
        buckets = [self._keys.bucket(name, number) for number in range(last_bucket + 1)]
        return buckets + [self._keys.chunk(name, number) for number in range(last_chunk + 1)]

    def _script(self, script: str, generation: str, *arguments: object) -> Any:  # noqa: ANN401 - the script's answer
        keys = (self._keys.current, self._keys.fence, self._keys.meta(generation), self._keys.log)
        return self._redis.eval(script, len(keys), *keys, generation, *arguments)


def raw(redis: Redis, *commands: bytes) -> list[Any]:
    """Answers as bytes, also from a client that decodes them."""
    pool: Any = redis.connection_pool
    connection = pool.get_connection()
    try:
        connection.send_packed_command(list(commands), check_health=False)
        return [connection.read_response(disable_decoding=True) for _ in commands]
    except BaseException:
        connection.disconnect()
        raise
    finally:
        pool.release(connection)
