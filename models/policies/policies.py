"""The policies of the registry: versions bound to models, and which of them is live, by the ledger.

A model may have many; each model, by its content digest, has at most one that is live. So a promotion or rollback of
a model brings the policy with it that was made for it.

    add       the digest of the model · the file · ledger
    promote   the file as it was registered · ledger
    rollback  the one that was live before, as it was registered · ledger
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from models.artefact.refusal import refused
from models.policies.list_shelf import ListShelf
from models.policies.policy_file import PolicyFile
from models.policies.wording import Registered
from models.registry import aliases, documents, ledger
from models.registry.by import By
from models.registry.entry import Entry
from models.registry.reference import model_name, version_number
from models.registry.registry import Registry, Resolved
from schemas.errors import Misconfigured, Usage

LIVE: Final = "live"
REFERENCE: Final = re.compile(r"policies:/(?P<name>[^/]*)/(?P<version>[^/]*)")
SHOWN_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class Stored:
    """A policy as it was registered; `entry` is its line of the ledger."""

    entry: Entry
    policy: PolicyFile

    @property
    def named(self) -> Registered:
        """As decisions name it: name, version and the beginning of the digest."""
        return Registered(self.entry.name, self.entry.version, self.entry.digest[:SHOWN_DIGITS])

    @property
    def label(self) -> str:
        return str(self.named)


@dataclass(frozen=True, slots=True)
class Policies:
    registry: Registry

    def add(self, model: str, policy: PolicyFile, by: By) -> Stored:
        """Raises Misconfigured where it was made for another model than that registered version."""
        facts = by.facts()
        found = self._model(model)
        if policy.model != found.digest:
            said = f"the policy is for the model {policy.model[:SHOWN_DIGITS]}, and {found} is "
            fix = "pick its thresholds on the model they are for; `fraudstream models show` has the digest as content"
            raise refused("policy", said + str(found.digest)[:SHOWN_DIGITS], fix=fix)
        if policy.lists is not None:
            ListShelf(self.registry.root).file(policy.lists)
        with ledger.writing(self.registry.root) as writer:
            name, content = str(found.name), policy.to_bytes()
            entry = documents.store(writer, content, "policy", name, facts, bound_to=policy.model)
        return Stored(entry, policy)

    def read(self, reference: str) -> Stored:
        """By `policies:/name/2`, or `policies:/name/latest`."""
        return self._read(self._entry(reference, self.registry.read().entries))

    def live(self, model: str) -> Stored:
        """What holds for that model. Raises Misconfigured where none was promoted for it."""
        found, entries = self._model(model), self.registry.read().entries
        history = _history(entries, found)
        if not history:
            said = f"no policy is live for {found}"
            raise Misconfigured(said, fix="`fraudstream policies list` shows those there are; promote one")
        return self._read(aliases.versions(entries, str(found.name), "policy")[history[-1]])

    def promote(self, reference: str, by: By) -> Entry:
        """From here on it is the live one of its model."""
        facts = by.facts()
        with ledger.writing(self.registry.root) as writer:
            wanted = self._read(self._entry(reference, writer.ledger.entries)).entry
            history = lives_of(writer.ledger.entries, wanted.name, str(wanted.bound_to))
            if history[-1:] == (wanted.version,):
                raise Usage(f"{wanted} is live already", fix="`fraudstream policies list` shows what is live")
            return _move(writer, "promote", wanted, history, facts)

    def rollback(self, model: str, by: By) -> Entry:
        """Back to what was live for that model before; again goes further back."""
        facts, found = by.facts(), self._model(model)
        with ledger.writing(self.registry.root) as writer:
            history = _history(writer.ledger.entries, found)
            if len(history) < 2:  # noqa: PLR2004 - the live one and one before it
                raise Usage(f"{found} has no policy before the present one", fix="promote the one you want")
            versions = aliases.versions(writer.ledger.entries, str(found.name), "policy")
            earlier = self._read(versions[history[-2]]).entry
            return _move(writer, "rollback", earlier, history, facts)

    def _model(self, text: str) -> Resolved:
        found = self.registry.resolve(text)
        if found.name is None:
            raise Usage(f"{text} is a path, and only registered models have policies", fix="write models:/name/3")
        return found

    def _entry(self, reference: str, entries: tuple[Entry, ...]) -> Entry:
        name, wanted = _parse(reference)
        known = aliases.versions(entries, name, "policy")
        version = wanted or max(known, default=0)
        if version not in known:
            there = ", ".join(map(str, sorted(known))) or "none; `fraudstream policies add` makes one"
            raise Misconfigured(f"{name} has no policy {version or 'yet'}", fix=f"it has {there}")
        return known[version]

    def _read(self, entry: Entry) -> Stored:
        policy = documents.fetch(self.registry.root, entry, PolicyFile.parse_registered)
        if policy.model != entry.bound_to:
            raise refused(str(entry), "is for another model than the ledger says", fix=documents.FIX)
        return Stored(entry, policy)


def lives_of(entries: Iterable[Entry], name: str, model_digest: str) -> tuple[int, ...]:
    """The policies that were live for that model, oldest first; the last is so now."""
    its_own = (entry for entry in entries if entry.bound_to == model_digest)
    return aliases.lives(its_own, name, "policy").get(LIVE, ())


def _history(entries: Iterable[Entry], model: Resolved) -> tuple[int, ...]:
    return lives_of(entries, str(model.name), str(model.digest))


def _move(writer: ledger.Writer, action: str, to: Entry, history: tuple[int, ...], facts: dict[str, str]) -> Entry:
    return writer.append(
        action=action,
        kind="policy",
        name=to.name,
        version=to.version,
        alias=LIVE,
        replaced=history[-1] if history else None,
        digest=to.digest,
        seal=to.seal,
        bound_to=to.bound_to,
        **facts,
    )


def _parse(reference: str) -> tuple[str, int | None]:
    found = REFERENCE.fullmatch(reference)
    if found is None:
        raise Usage(f"{reference!r} names no policy", fix="write policies:/name/2, or policies:/name/latest")
    name = model_name(found["name"])
    return name, None if found["version"] == "latest" else version_number(found["version"])
