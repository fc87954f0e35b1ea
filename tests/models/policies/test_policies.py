"""Policies of the registry: bound to a model, made live, taken back, all by the ledger."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from models.policies.kinds import kind_of
from models.policies.list_shelf import ListShelf
from models.policies.policies import Policies
from models.policies.policy_file import PolicyFile
from models.registry.by import By
from schemas.errors import DependencyAway, Misconfigured, Usage

Make = Callable[..., PolicyFile]
ONE, TWO = "models:/fraud/1", "models:/fraud/2"


@pytest.fixture
def filled(policies: Policies, policy_for: Make, by: By) -> Policies:
    """Three policies for the first model, one of each kind."""
    for kind, target in (("recall", 0.9), ("cost", None), ("budget", 40.0)):
        policies.add(ONE, policy_for(1, kind=kind, target=target), by)
    return policies


def test_all_three_kinds_are_kept_and_one_is_live(filled: Policies, by: By) -> None:
    """Each as a version; live is what was promoted last."""
    assert [filled.read(f"policies:/fraud/{number}").policy.kind for number in (1, 2, 3)] == [
        "recall",
        "cost",
        "budget",
    ]
    assert filled.read("policies:/fraud/latest").entry.version == 3
    with pytest.raises(Misconfigured, match="no policy is live"):
        filled.live(ONE)
    filled.promote("policies:/fraud/1", by)
    entry = filled.promote("policies:/fraud/3", by)
    assert (entry.who, entry.why, entry.replaced, entry.version) == ("ada", "because", 1, 3)
    live = filled.live(ONE)
    assert live.policy.kind == "budget"
    assert live.label == f"fraud/3 {live.entry.digest[:12]}"


def test_a_rollback_goes_back_and_further_back(filled: Policies, by: By) -> None:
    """By the ledger, as with models."""
    for number in (2, 1, 3):
        filled.promote(f"policies:/fraud/{number}", by)
    assert [filled.rollback(ONE, by).version for _ in range(2)] == [1, 2]
    assert filled.live(ONE).entry.version == 2
    with pytest.raises(Usage, match="no policy before"):
        filled.rollback(ONE, by)


def test_a_policy_is_for_one_model(policies: Policies, policy_for: Make, by: By) -> None:
    """One that was picked on another model is refused, and nothing is left of the attempt."""
    before = policies.registry.read().entries
    with pytest.raises(Misconfigured, match="the policy is for the model"):
        policies.add(TWO, policy_for(1), by)
    assert policies.registry.read().entries == before
    assert not (policies.registry.root / "fraud" / "policies").exists()


def test_a_model_brings_its_own_policy(filled: Policies, policy_for: Make, by: By) -> None:
    """What is live is so for a model: promotion and rollback of models change which of them holds."""
    filled.add(TWO, policy_for(2, review_at=0.2), by)
    filled.promote("policies:/fraud/1", by)
    filled.promote("policies:/fraud/4", by)
    filled.registry.promote(ONE, by)
    assert filled.live("models:/fraud@champion").policy.review_at == 0.1
    filled.registry.promote(TWO, by)
    assert filled.live("models:/fraud@champion").policy.review_at == 0.2
    filled.registry.rollback("fraud", by)
    assert filled.live("models:/fraud@champion").policy.review_at == 0.1


def test_policies_do_not_move_models(filled: Policies, by: By) -> None:
    """Neither their numbers nor what is live of them."""
    filled.promote("policies:/fraud/3", by)
    with pytest.raises(Misconfigured, match="has no champion"):
        filled.registry.resolve("models:/fraud@champion")
    assert filled.registry.resolve("models:/fraud/latest").version == 2
    assert filled.registry.findings() == []


def test_what_is_live_is_not_promoted_again(filled: Policies, by: By) -> None:
    """The ledger has no lines that say nothing."""
    filled.promote("policies:/fraud/1", by)
    with pytest.raises(Usage, match="live already"):
        filled.promote("policies:/fraud/1", by)


@pytest.mark.parametrize(
    "change", [lambda text: text.replace(b"0.1", b"0.0"), lambda text: b"", lambda text: text + b" "]
)
def test_an_altered_policy_is_refused(filled: Policies, by: By, change: Callable[[bytes], bytes]) -> None:
    """Exit code 78, with the file; it is neither read, promoted nor gone back to."""
    filled.promote("policies:/fraud/1", by)
    filled.promote("policies:/fraud/2", by)
    path = filled.registry.root / "fraud" / "policies" / "1.json"
    path.write_bytes(change(path.read_bytes()))
    for attempt in (
        lambda: filled.read("policies:/fraud/1"),
        lambda: filled.promote("policies:/fraud/1", by),
        lambda: filled.rollback(ONE, by),
    ):
        with pytest.raises(Misconfigured, match=r"policies/1\.json: was altered"):
            attempt()
    assert filled.live(ONE).entry.version == 2
    assert [found for found in filled.registry.findings() if "policies/1.json" in found]


def test_a_policy_in_the_place_of_another_is_refused(filled: Policies) -> None:
    """Each is whole, but not what was registered there."""
    folder = filled.registry.root / "fraud" / "policies"
    (folder / "1.json").write_bytes((folder / "2.json").read_bytes())
    with pytest.raises(Misconfigured, match="not what was registered as policies:/fraud/1"):
        filled.read("policies:/fraud/1")


def test_a_policy_that_is_gone_is_missed(filled: Policies) -> None:
    """By whoever reads it, and by a look at the whole registry."""
    (filled.registry.root / "fraud" / "policies" / "2.json").unlink()
    with pytest.raises(Misconfigured, match=r"2\.json: cannot be read"):
        filled.read("policies:/fraud/2")
    assert [found for found in filled.registry.findings() if "2.json" in found]


def test_the_lists_it_names_must_be_there(policies: Policies, policy_for: Make, by: By) -> None:
    """A version of the lists that was never made cannot be pinned."""
    with pytest.raises(Usage, match="there is no lists:/1"):
        policies.add(ONE, policy_for(1, lists=1), by)
    ListShelf(policies.registry.root).add(kind_of("card_block"), ["c"], 0, 1, by)
    assert policies.add(ONE, policy_for(1, lists=1), by).policy.lists == 1


@pytest.mark.parametrize(
    ("reference", "kind"),
    [
        ("policies:/fraud", Usage),
        ("policies:/fraud/0", Usage),
        ("policies:/../1", Usage),
        ("models:/fraud/1", Usage),
        ("policies:/fraud/9", Misconfigured),
        ("policies:/other/latest", Misconfigured),
    ],
)
def test_what_is_named_wrongly_is_said(filled: Policies, reference: str, kind: type[Exception]) -> None:
    """64 for what is no name, 78 where nothing stands behind it."""
    with pytest.raises(kind):
        filled.read(reference)


def test_folders_have_no_policies(filled: Policies, artefacts: list[Path], by: By) -> None:
    """Only registered models have."""
    with pytest.raises(Usage, match="only registered models"):
        filled.live(str(artefacts[0]))


def test_a_full_disk_leaves_what_was_live(
    filled: Policies, policy_for: Make, by: By, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 69; no entry names what was not written, and the next attempt takes the same number."""
    filled.promote("policies:/fraud/1", by)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(DependencyAway, match="No space left"):
            filled.add(ONE, policy_for(1, review_at=0.3), by)
    assert filled.live(ONE).entry.version == 1
    assert not list(filled.registry.root.rglob(".part-*"))
    assert filled.add(ONE, policy_for(1, review_at=0.4), by).entry.version == 4
    assert filled.read("policies:/fraud/4").policy.review_at == 0.4
