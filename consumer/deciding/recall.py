"""Deciders other than the live one: that of an epoch, bit for bit the one that decided then, or one that is supposed.

What features are made of besides places and money is not asked about here: it is whoever folds the log who knows it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from consumer.deciding.believed import believed, ref_of
from consumer.deciding.live import by_policy, registry_of, rules_alone
from models.bank import Bank
from models.decide import Decider, by_rules
from models.minds import ModelRef
from models.policies.list_shelf import ListShelf
from models.policies.lists import Lists
from models.policies.policies import Policies, Stored
from models.policies.wording import Registered, Shelved, Wording
from models.registry.registry import Registry, Resolved
from schemas.errors import Misconfigured, Usage
from schemas.settings import Settings

RULES: Final = "rules"
OTHER_PROGRAM: Final = "use the version of the program that wrote it: the epoch's app_version says which"
OTHER_REGISTRY: Final = "set models.root to the registry that decided then, or put it back from a copy"
OTHER_SETTINGS: Final = "use the settings of then: rules.*, policy.timezone, money.* and cards.future"


def recalled(settings: Settings, model: Mapping[str, object], policy: str) -> Decider:
    """`model` and `policy` as an epoch or a decision has them. Raises Misconfigured where not all of it is there."""
    wanted = ModelRef(str(model["name"]), str(model["version"]), str(model["digest"]))
    try:
        wording = Wording.parse(policy)
    except ValueError as error:
        raise Misconfigured(str(error), fix=OTHER_PROGRAM) from None
    try:
        lists = _lists(ListShelf(registry_of(settings).root), wording.lists)
        found = _recalled(settings, wanted, wording, lists)
    except Usage as error:
        raise Misconfigured(error.message, fix=OTHER_REGISTRY) from None
    if found.sparing is not None and wording.churn_max_age_ms is not None:
        found = replace(found, sparing=replace(found.sparing, max_age_ms=wording.churn_max_age_ms))
    if found.policy != policy:
        raise Misconfigured(f"{policy!r} comes back as {found.policy!r}", fix=OTHER_REGISTRY)
    return found


def supposed(settings: Settings, model: str, policy: str = "") -> Decider:
    """What would decide with that model: `rules` or a reference; without a policy with the one that is live for it."""
    if model == RULES and not policy:
        return rules_alone(settings)
    registry = registry_of(settings)
    found, policies = registry.resolve(model), Policies(registry)
    if found.name is None:
        raise Usage(f"{model} is a path, and only registered models have policies", fix="write models:/name/3")
    stored = policies.read(policy) if policy else policies.live(str(found))
    lists = ListShelf(registry.root).lists(stored.policy.lists)
    return _by_model(settings, registry, found, stored, lists)


def _recalled(settings: Settings, wanted: ModelRef, wording: Wording, lists: Lists) -> Decider:
    if isinstance(wording.by, Registered):
        registry = registry_of(settings)
        model = registry.resolve(f"models:/{wanted.name}/{wanted.version}")
        _same(str(model), ref_of(model), wanted, OTHER_REGISTRY)
        return _by_model(settings, registry, model, _stored(registry, wording.by), lists)
    found = by_rules(Bank.of(settings), wording.by, lists, wording.exploration)
    _same("what the rules go by", found.model, wanted, OTHER_SETTINGS)
    return found


def _by_model(settings: Settings, registry: Registry, model: Resolved, stored: Stored, lists: Lists) -> Decider:
    if stored.policy.model != model.digest:
        raise Misconfigured(f"the policy {stored.label} is not for {model}", fix="name a policy of that very version")
    return by_policy(settings, believed(registry, model), stored, lists)


def _stored(registry: Registry, wanted: Registered) -> Stored:
    found = Policies(registry).read(wanted.reference)
    if found.named != wanted:
        said = f"{wanted.reference} is {found.named.digest} here, and {wanted.digest} decided"
        raise Misconfigured(said, fix=OTHER_REGISTRY)
    return found


def _lists(shelf: ListShelf, wanted: Shelved) -> Lists:
    found = shelf.lists(wanted.version)
    if found.shelved != wanted:
        said = f"lists:/{wanted.version} is {found.shelved.digest} here, and {wanted.digest} decided"
        raise Misconfigured(said, fix=OTHER_REGISTRY)
    return found


def _same(what: str, found: ModelRef, wanted: ModelRef, fix: str) -> None:
    if found != wanted:
        raise Misconfigured(f"{what} is {_said(found)} here, and {_said(wanted)} decided", fix=fix)


def _said(model: ModelRef) -> str:
    return f"{model.name}/{model.version} {model.digest}"
