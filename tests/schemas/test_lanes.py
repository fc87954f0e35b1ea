import numpy as np

from schemas.lanes import unpack


def test_eight_words_are_taken_apart_and_no_others_touched() -> None:
    """Of both signs, from the middle of rows to anywhere; as plain shifts of each."""
    chance = np.random.default_rng(1)
    packed = chance.integers(-(2**62), 2**62, (3, 16))
    target = np.zeros(20, np.int64)
    unpack(packed, 24, 22, 2**41, target, 5)
    assert target[5:13].tolist() == [(number >> 22) + 2**41 for number in packed[1, 8:].tolist()]
    assert not target[:5].any()
    assert not target[13:].any()
