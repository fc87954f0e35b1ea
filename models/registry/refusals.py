"""What gates said no to, out of what the ledger keeps of them."""

from collections.abc import Iterable

from models.registry.entry import Judged


def failed(judged: Iterable[Judged]) -> list[Judged]:
    return [each for each in judged if not each.passed and not each.overridden]


def refusal(judged: Iterable[Judged]) -> str:
    """Names every gate that refuses; those that say the same say it once."""
    said: dict[str, list[str]] = {}
    for each in failed(judged):
        said.setdefault(each.said, []).append(each.gate)
    return "; ".join(f"gate{'s' * (len(names) > 1)} {', '.join(names)}: {words}" for words, names in said.items())
