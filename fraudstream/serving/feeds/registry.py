"""The model that is live in the registry, and its policy; the rules, where none is."""

from datetime import datetime
from typing import Final

from fraudstream.serving.feeds.feeding import away
from models.policies.policies import Policies
from models.registry import aliases
from models.registry.entry import Entry
from models.registry.reference import Reference, parse
from models.registry.registry import Registry, Resolved
from schemas.errors import FraudstreamError
from schemas.settings import Settings
from serving.page.facts import Model, Source, State
from serving.page.live import Live

NAME: Final = "registry"
LIST: Final = "fraudstream models list"
TRAIN: Final = "fraudstream train"


class LiveModel:
    def __init__(self, settings: Settings, live: Live) -> None:
        self._settings, self._live = settings, live
        self._registry = Registry(settings.models.root.expanduser(), settings.models.trusted)

    def look(self) -> None:
        try:
            found = self._found()
        except (FraudstreamError, OSError, RuntimeError) as error:
            self._live.source(NAME, away(error, LIST))
            return
        self._live.model(found or self._rules())
        root = str(self._settings.models.root)
        why = f"Nothing was promoted as {self._settings.models.live or 'a model'} in {root}: the rules decide."
        self._live.source(NAME, Source(State.OK, root) if found else Source(State.EMPTY, why, TRAIN))

    def _found(self) -> Model | None:
        """None where the rules are wanted, or nothing was ever promoted."""
        wanted = parse(self._settings.models.live) if self._settings.models.live else None
        entries = self._registry.read().entries
        if not isinstance(wanted, Reference):
            return None
        if wanted.alias and wanted.alias not in aliases.current(entries, wanted.name):
            return None
        model = self._registry.resolve(str(wanted))
        policy = Policies(self._registry).live(str(model))
        at = policy.policy.thresholds
        return Model(
            name=str(model.name),
            version=str(model.version),
            digest=model.digest or "",
            policy=policy.label,
            promoted_at=_promoted(entries, model, wanted.alias),
            review_at=at.review_at,
            block_at=at.block_at,
        )

    def _rules(self) -> Model:
        policy = self._settings.policy
        return Model("rules", "", "", "of the settings", None, policy.review_at, policy.block_at)


def _promoted(entries: tuple[Entry, ...], model: Resolved, alias: str | None) -> int | None:
    moved = [
        each.at
        for each in entries
        if each.kind == "model" and each.name == model.name and each.action in {"promote", "rollback"}
        if each.alias == alias
    ]
    return round(datetime.fromisoformat(moved[-1]).timestamp() * 1000) if moved else None
