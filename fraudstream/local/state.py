"""What an instance remembers between commands: its ports for good, its pids while it runs."""

import tempfile
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from fraudstream.local.ports import Ports
from schemas.errors import Misconfigured


class State(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    kafka_port: int
    controller_port: int
    redis_port: int
    kafka_pid: int | None = None
    redis_pid: int | None = None
    started_at: AwareDatetime | None = None

    @property
    def ports(self) -> Ports:
        return Ports(self.kafka_port, self.controller_port, self.redis_port)

    def stopped(self) -> "State":
        return self.model_copy(update={"kafka_pid": None, "redis_pid": None, "started_at": None})


def load(path: Path) -> State | None:
    """None when there is none yet."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return State.model_validate_json(text)
    except ValidationError as problem:
        first = problem.errors()[0]
        raise Misconfigured(
            f"{path} is not a state file of ours: {' '.join([*map(str, first['loc']), first['msg']])}",
            fix="end what still runs from this folder by hand, delete the file, and start again",
        ) from problem


def save(path: Path, state: State) -> None:
    """Atomic: a reader sees the old one or the new one, never half of it."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=path.name, delete=False) as file:
        file.write(state.model_dump_json(indent=2) + "\n")
    Path(file.name).replace(path)
