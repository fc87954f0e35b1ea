"""Topics as they stand against topics as they must be: the rules of `schemas.topics`, and what would undo them."""

from collections.abc import Iterator, Mapping
from typing import Final

from fraudstream.doctor import remedies
from fraudstream.doctor.finding import Finding, info, ok, warning, wrong
from fraudstream.topics import MAJORITY, Administration, Found, Topic, max_bytes, retention_ms
from schemas.settings import Settings
from schemas.topics import DAY_MS, FOR_EVER, RULES, Role, TopicRule

READ: Final = frozenset({Role.TRANSACTIONS, Role.LABELS, Role.ORDERS})
HOUR_MS: Final = 3_600_000
UNREADABLE: Final = "how long it is kept, and whether it is compacted, could not be checked: this user may not read it"


def check(settings: Settings) -> list[Finding]:
    found = Administration(settings).look()
    return compare(found, settings) or [ok(settings.topics.transactions, "this topic and those around it are in order")]


def compare(found: Found, settings: Settings) -> list[Finding]:
    """In the order of the rules; what this user may not look at is said last, once for all topics."""
    findings = [each for rule in RULES for each in _Check(rule, found, settings).run()]
    unread = [settings.topics.name(role) for role, topic in found.topics.items() if topic.config is None]
    if unread:
        fix = remedies.allow(settings, "DescribeConfigs", unread)
        findings.append(warning(", ".join(unread), UNREADABLE, fix))
    return findings


class _Check:
    """One topic against its rule."""

    def __init__(self, rule: TopicRule, found: Found, settings: Settings) -> None:
        self.rule = rule
        self.name = settings.topics.name(rule.role)
        self._found = found
        self._settings = settings

    def run(self) -> Iterator[Finding]:
        topic = self._found.topics.get(self.rule.role)
        if topic is None:
            yield self._absent()
            return
        yield from self._rights(topic)
        yield from self._partitions(topic)
        yield from self._copies(topic)
        if topic.config is not None:
            yield from self._cleanup(topic.config)
            yield from self._retention(topic.config)
            yield from self._safety(topic, topic.config)
            yield from self._records(topic)

    def _absent(self) -> Finding:
        if self.rule.role in self._found.hidden:
            what = f"this user may not see it, or there is no such topic ({self.rule.about})"
            return self._bad(self.name, what, remedies.allow(self._settings, self._right, [self.name]))
        what = f"there is no such topic ({self.rule.about})"
        return self._bad(self.name, what, remedies.create_topics(self._settings))

    def _bad(self, subject: str, what: str, fix: str) -> Finding:
        """What nobody writes to keeps nobody from scoring."""
        if self.rule.role is Role.SCORES and not self._settings.output.scores:
            return warning(subject, f"{what}; it is written to when output.scores says so", fix)
        if self.rule.role is Role.ORDERS:
            return warning(subject, f"{what}; workers score without it, and hear of no orders", fix)
        return wrong(subject, what, fix)

    @property
    def _right(self) -> str:
        """Either implies the right to see it."""
        return "Read" if self.rule.role in READ else "Write"

    def _rights(self, topic: Topic) -> Iterator[Finding]:
        if topic.allowed and not topic.allowed & {self._right.upper(), "ALL"}:
            what = f"this user may not {self._right.lower()} it"
            yield self._bad(self.name, what, remedies.allow(self._settings, self._right, [self.name]))

    def _partitions(self, topic: Topic) -> Iterator[Finding]:
        if self.rule.partitions and topic.partitions > self.rule.partitions:
            what = f"it has {topic.partitions} partitions: only the first is written and read"
            yield info(self.name, what)
        like = self._found.topics.get(self.rule.partitioned_like) if self.rule.partitioned_like else None
        if like is None or topic.partitions == like.partitions:
            return
        needed, what = like.partitions, f"it has {topic.partitions} partitions, the input has {like.partitions}"
        more = remedies.set_partitions(self._settings, self.name, needed)
        if self.rule.exactly:
            setting = f"topics.{self.rule.role}"
            other = f"make a topic with {needed} partitions, copy the records by key, and name it in {setting}"
            what = f"{what}: a card's records must be in the partition of the same number"
            yield wrong(self.name, what, f"while it is empty: {more}" if topic.partitions < needed else other)
        elif topic.partitions < needed:
            yield wrong(self.name, f"{what}: answers go to the partition number of their question", more)

    def _copies(self, topic: Topic) -> Iterator[Finding]:
        if topic.replication == 1 and self._found.brokers > 1:
            what = (
                f"there is one copy of it on a cluster of {self._found.brokers} brokers: one that dies takes it along"
            )
            fix = "kafka-reassign-partitions.sh with more replicas; for new topics set topics.replication = 3"
            yield warning(self.name, what, fix)

    def _cleanup(self, config: Mapping[str, str]) -> Iterator[Finding]:
        if "compact" in config.get("cleanup.policy", ""):
            what = (
                "it is compacted: all but the last record of each card get lost, and records without a key are refused"
            )
            yield wrong(self.name, what, self._set("cleanup.policy", "delete"))

    def _retention(self, config: Mapping[str, str]) -> Iterator[Finding]:
        needed, actual = retention_ms(self.rule, self._settings), int(config.get("retention.ms", FOR_EVER))
        bad = wrong if needed == FOR_EVER else warning
        if actual != FOR_EVER and (needed == FOR_EVER or actual < needed):
            what = f"it is kept {kept(actual)}, not {kept(needed)}: {self._lost()}"
            yield bad(self.name, what, self._set("retention.ms", needed))
        size = int(config.get("retention.bytes", FOR_EVER))
        if size != FOR_EVER:
            what = f"each partition is cut at {size} bytes, however young the records are: {self._lost()}"
            yield bad(self.name, what, self._set("retention.bytes", FOR_EVER))

    def _lost(self) -> str:
        lost = {
            Role.TRANSACTIONS: "without the whole of it a card's history cannot be built anew",
            Role.LABELS: "without the whole of it the history of verdicts cannot be built anew",
            Role.EPOCHS: "without it decisions cannot be recomputed",
            Role.ORDERS: "workers that start later do not know what holds",
        }
        return lost.get(self.rule.role, "readers that come later miss the rest")

    def _safety(self, topic: Topic, config: Mapping[str, str]) -> Iterator[Finding]:
        if config.get("unclean.leader.election.enable") == "true":
            what = "a broker that lags behind may become leader: committed decisions and offsets get lost"
            yield warning(self.name, what, self._set("unclean.leader.election.enable", "false"))
        least = int(config.get("min.insync.replicas", 1))
        if least > topic.replication:
            what = (
                f"min.insync.replicas is {least}, but it has {copies(topic.replication)}: nothing can be written to it"
            )
            yield wrong(self.name, what, self._set("min.insync.replicas", max(topic.replication - 1, 1)))
        elif least == 1 and topic.replication >= MAJORITY:
            what = f"one of {topic.replication} copies is enough for a write: it is lost with that one broker"
            yield warning(self.name, what, self._set("min.insync.replicas", 2))

    def _records(self, topic: Topic) -> Iterator[Finding]:
        config = topic.config or {}
        if self.rule.role is Role.LABELS and config.get("message.timestamp.type") == "LogAppendTime":
            what = (
                "record timestamps are those of the broker: when a verdict was known gets lost where labels are loaded"
            )
            yield warning(self.name, what, self._set("message.timestamp.type", "CreateTime"))
        largest = max_bytes(self._found.topics.get(Role.TRANSACTIONS))
        if self.rule.role is Role.DLQ and max_bytes(topic) < largest:
            what = (
                f"it takes {max_bytes(topic)} bytes at once, the input {largest}: a large bad record would be refused"
            )
            yield warning(self.name, what, self._set("max.message.bytes", largest))

    def _set(self, name: str, value: object) -> str:
        return remedies.set_config(self._settings, self.name, name, value)


def kept(milliseconds: int) -> str:
    if milliseconds == FOR_EVER:
        return "for ever"
    days, rest = divmod(milliseconds, DAY_MS)
    return f"for {days} days" if days and not rest else f"for {milliseconds / HOUR_MS:g} hours"


def copies(count: int) -> str:
    return "1 copy" if count == 1 else f"{count} copies"
