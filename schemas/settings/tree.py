"""Every setting there is, two levels deep: `group.field`, FRAUDSTREAM_GROUP_FIELD, `[group] field = …`."""

from typing import Self

from pydantic import model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from schemas.settings.cards import Cards
from schemas.settings.dead_letters import DeadLetters
from schemas.settings.enrich import Enrich
from schemas.settings.group import wrong
from schemas.settings.kafka import HIGHEST_PORT, Kafka
from schemas.settings.labels import Labels
from schemas.settings.models import Models
from schemas.settings.money import Money
from schemas.settings.nightly import Archive, Nightly
from schemas.settings.offers import Offers
from schemas.settings.outlets import Checks, Health, Log, Output
from schemas.settings.rules import Policy, Rules
from schemas.settings.score import Score
from schemas.settings.serve import Serve
from schemas.settings.state import State
from schemas.settings.stores import Redis, Registry
from schemas.settings.topics import Topics


class Settings(BaseSettings):
    """Immutable and valid. `Settings()` are the defaults: only `load` looks at flags, environment and file."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kafka: Kafka = Kafka()
    topics: Topics = Topics()
    redis: Redis = Redis()
    enrich: Enrich = Enrich()
    registry: Registry = Registry()
    output: Output = Output()
    score: Score = Score()
    checks: Checks = Checks()
    policy: Policy = Policy()
    rules: Rules = Rules()
    cards: Cards = Cards()
    labels: Labels = Labels()
    money: Money = Money()
    models: Models = Models()
    state: State = State()
    nightly: Nightly = Nightly()
    archive: Archive = Archive()
    offers: Offers = Offers()
    dead_letters: DeadLetters = DeadLetters()
    serve: Serve = Serve()
    health: Health = Health()
    log: Log = Log()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is the library's
        init_settings: PydanticBaseSettingsSource,
        *_others: PydanticBaseSettingsSource,
        **_more: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)

    @model_validator(mode="after")
    def _a_port_for_each_worker(self) -> Self:
        last = self.health.port + self.score.workers - 1
        if last > HIGHEST_PORT:
            raise wrong(f"the last worker's port would be {last}", "health.port", "score.workers")
        return self

    @model_validator(mode="after")
    def _confluent_needs_a_registry(self) -> Self:
        if self.output.framing == "confluent" and self.registry.url is None:
            raise wrong("confluent framing needs a schema registry", "output.framing", "registry.url")
        return self
