"""Whether a model decided before: noted in the text beside the offset, so that whoever comes next knows.

A registry that is not where it was looks like one that never was. Rules in the place of a model would change every
decision without a word, so a worker does not begin to: somebody says that rules are wanted, or brings the model back.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from consumer.dead_letter_limits import LONGEST, TEXT, VERSION
from consumer.lots import Span
from models.decide import Decider
from schemas.errors import Misconfigured

MODEL: Final = " m=1"


def noted(spans: Mapping[int, Span], decider: Decider) -> dict[int, Span]:
    """With what is to be committed together with them."""
    if decider.named is None:
        return dict(spans)
    return {each: replace(span, text=f"{span.text or VERSION}{MODEL}") for each, span in spans.items()}


def by_model(text: str) -> bool:
    return len(text) <= LONGEST and TEXT.fullmatch(text) is not None and MODEL in text


def refuse_rules(spans: Mapping[int, Span], decider: Decider) -> None:
    """Raises Misconfigured where rules would decide, by nobody's wish, what a model decided so far."""
    partitions = sorted(each for each, span in spans.items() if by_model(span.text))
    if decider.named is None and partitions:
        raise Misconfigured(
            f"no model is found, and one decided partition {partitions[0]} until now: rules would decide otherwise",
            fix="see that models.root is where the registry is and models.live names what was promoted there; "
            'set models.live = "" where rules are wanted',
        )
