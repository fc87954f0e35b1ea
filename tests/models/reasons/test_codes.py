"""Every feature can be a reason, once, and every reason has a sentence of its own."""

import re

from models.features import FEATURES
from models.reasons import CODES, SENTENCES
from models.rules import RULES


def test_every_feature_is_in_one_code() -> None:
    """Nothing that moves a score is without a name."""
    named = [name for code in CODES for name in code.features]
    assert sorted(named) == sorted(feature.name for feature in FEATURES)


def test_codes_are_told_from_those_of_rules() -> None:
    """Whoever reads a decision knows which spoke."""
    codes = [*(code.code for code in CODES), *(rule.code for rule in RULES)]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)


def test_sentences_are_for_people() -> None:
    """One for each code, no two alike, none with a feature's name in it."""
    assert set(SENTENCES) == {*(code.code for code in CODES), *(rule.code for rule in RULES)}
    assert len(set(SENTENCES.values())) == len(SENTENCES)
    for sentence in SENTENCES.values():
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert "_" not in sentence
