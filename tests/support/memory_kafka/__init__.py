"""A Kafka in memory with the visibility rules of the real one, at the level of the client's calls.

One thread, a clock that moves only when somebody waits, nothing random: what happens is what its callers do, and what
the wire between them and the broker does to their requests. Every rule that matters is held to the real broker by the
contract tests, which run on both.
"""

from support.memory_kafka.admin import MemoryAdmin
from support.memory_kafka.broker import Broker
from support.memory_kafka.clock import Clock
from support.memory_kafka.consumer import MemoryConsumer
from support.memory_kafka.producer import MemoryProducer
from support.memory_kafka.wire import Fate, Wire

__all__ = ["Broker", "Clock", "Fate", "MemoryAdmin", "MemoryConsumer", "MemoryProducer", "Wire"]
