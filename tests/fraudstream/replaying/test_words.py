from typing import Any

import pytest

from consumer.replaying.difference import Difference, Kind
from fraudstream.replaying.words import told, value


@pytest.mark.parametrize(
    ("difference", "sentence"),
    [
        (
            Difference(Kind.FIELD, 1, 7, "e", "flags/1/3", "score", 0.5, 0.5000000000000001),
            "tx/1/7 (e): score is 0.5 in flags/1/3, the logs give 0.5000000000000001",
        ),
        (
            Difference(Kind.FIELD, 1, 7, "e", "flags/1/3", "epoch", 5),
            "tx/1/7 (e): flags/1/3 is of epoch 5, and no epoch had begun by then",
        ),
        (
            Difference(Kind.MISSING, 1, 7, "e", "", recomputed={"outcome": "block", "score": 0.9}),
            "tx/1/7 (e): no flag was published, the logs give block with score 0.9",
        ),
        (
            Difference(Kind.UNASKED, 1, 7, "e", "flags/1/3", published="there is no such record"),
            "flags/1/3 answers tx/1/7 (e): there is no such record",
        ),
        (
            Difference(Kind.DOUBLED, 1, 7, "e", "flags/1/3", published="review"),
            "flags/1/3 answers tx/1/7 (e) again (review); the first answer counts",
        ),
        (
            Difference(Kind.UNREADABLE, 1, 7, "", "flags/1/3", published="truncated"),
            "flags/1/3 cannot be read as an answer: truncated",
        ),
    ],
)
def test_each_difference_is_a_sentence(difference: Difference, sentence: str) -> None:
    """Where it is, what was published, what the logs give."""
    assert told(difference, "tx") == sentence


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (None, "none"),
        ([], "none"),
        (["a", "b"], "a, b"),
        ({"name": "m", "version": "1"}, "m 1"),
        (0.1 + 0.2, repr(0.1 + 0.2)),
    ],
)
def test_values_keep_their_digits(of: Any, words: str) -> None:
    """A number is told by the shortest digits that have its bits."""
    assert value(of) == words
