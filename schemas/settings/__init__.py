"""The settings: one tree, four sources, every value able to say where it comes from."""

from schemas.settings.leaves import Leaf, leaves
from schemas.settings.loading import Effective, Loaded, load, read
from schemas.settings.sources import overrides
from schemas.settings.tree import Settings

__all__ = ["Effective", "Leaf", "Loaded", "Settings", "leaves", "load", "overrides", "read"]
