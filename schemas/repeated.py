"""Names that stand for more than one thing."""

from collections import Counter
from collections.abc import Iterable


def repeated(names: Iterable[str]) -> list[str]:
    """Each name that is there more than once, in order."""
    return sorted(name for name, count in Counter(names).items() if count > 1)
