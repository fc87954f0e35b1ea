"""The label topic as the worker reads it: all partitions, behind the scenes, learned into its book between lots.

What is known when, and how that is known, stands in `reader`: it is a protocol.
"""

from consumer.labels.reader import LabelReader

__all__ = ["LabelReader"]
