"""`up`, `down`, `status`: a Kafka and a Redis of this machine's own, started, stopped and looked at."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from fraudstream.local.status import ServerStatus, Status

Name = Annotated[str, typer.Option("--name", help="Which instance; each has its own data, ports and logs.")]
Data = Annotated[
    Path | None,
    typer.Option("--data", help="Folder of the instances, each in a folder of its name [~/.local/share/fraudstream]."),
]
KafkaPort = Annotated[int | None, typer.Option("--kafka-port", min=1, max=65535, help="[9092, else a free one]")]
RedisPort = Annotated[int | None, typer.Option("--redis-port", min=1, max=65535, help="[6379, else a free one]")]
Jars = Annotated[
    Path | None,
    typer.Option(
        "--jars", help="Folder with the broker's jars, for machines that cannot fetch them; checked like ours."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
Wipe = Annotated[bool, typer.Option("--wipe", help="Delete the data and logs of the instance too.")]


def up(
    *,
    name: Name = "local",
    data: Data = None,
    kafka_port: KafkaPort = None,
    redis_port: RedisPort = None,
    jars: Jars = None,
    json: Json = False,
) -> None:
    """Start a real Kafka and a real Redis here, and leave them running; they are ready when this returns."""
    from fraudstream.local.instance import Instance

    began = time.monotonic()
    instance = Instance.named(name, data)
    started = instance.up(kafka_port=kafka_port, redis_port=redis_port, jars=jars)
    status = instance.status()
    if status is None:  # somebody wiped it in this very moment
        raise typer.Exit(69)
    seconds = time.monotonic() - began
    if json:
        _print_json({**_facts(status), "started": started, "seconds": round(seconds, 2)})
        return
    typer.echo("\n".join(_report(status, started, seconds)))


def _report(status: "Status", started: bool, seconds: float) -> list[str]:
    head = f"ready after {seconds:.1f} s" if started else f"already running since {_since(status)}"
    return [head, *_lines(status), *_elsewhere(status), "to use them:", f"  export {' '.join(_environment(status))}"]


def down(*, name: Name = "local", data: Data = None, wipe: Wipe = False) -> None:
    """Stop what `up` started; the data stays for the next `up`, unless --wipe."""
    from fraudstream.local.instance import Instance

    instance = Instance.named(name, data)
    known = instance.exists
    stopped = instance.down(wipe=wipe)
    typer.echo(f"stopped {' and '.join(stopped)}" if stopped else f"nothing was running in {instance.folder}")
    if wipe and known:
        typer.echo(f"deleted the data in {instance.folder}")


def status(*, name: Name = "local", data: Data = None, json: Json = False) -> None:
    """Tell whether they run and answer; exit code 0 when both do, else 69."""
    from fraudstream.local.instance import Instance

    instance = Instance.named(name, data)
    found = instance.status()
    if json:
        _print_json({"folder": str(instance.folder), "ready": False} if found is None else _facts(found))
    elif found is None:
        typer.echo(f"there is no instance in {instance.folder}\n  fix: run `fraudstream up`", err=True)
    else:
        typer.echo("\n".join(_lines(found)))
    if found is None or not found.ready:
        raise typer.Exit(69)


def _lines(status: "Status") -> list[str]:
    return [
        f"  Kafka   {status.bootstrap:<28} {_word(status.kafka)}   log {status.kafka.log}",
        f"  Redis   {status.redis_url:<28} {_word(status.redis)}   log {status.redis.log}",
        f"  folder  {status.folder}",
    ]


def _elsewhere(status: "Status") -> list[str]:
    from fraudstream.local.instance import KAFKA_PORT, REDIS_PORT

    ports = (("Kafka", status.kafka.port, KAFKA_PORT), ("Redis", status.redis.port, REDIS_PORT))
    return [f"  note    {name} is on port {port}, not {usual}" for name, port, usual in ports if port != usual]


def _word(server: "ServerStatus") -> str:
    if server.pid is None:
        return "stopped"
    return f"pid {server.pid}" if server.answers else f"pid {server.pid}, does not answer"


def _since(status: "Status") -> str:
    return status.started_at.astimezone().strftime("%Y-%m-%d %H:%M:%S") if status.started_at else "an unknown time"


def _environment(status: "Status") -> list[str]:
    return [f"FRAUDSTREAM_KAFKA_BOOTSTRAP={status.bootstrap}", f"FRAUDSTREAM_REDIS_URL={status.redis_url}"]


def _facts(status: "Status") -> dict[str, Any]:
    return {
        "ready": status.ready,
        "folder": str(status.folder),
        "bootstrap": status.bootstrap,
        "redis_url": status.redis_url,
        "started_at": status.started_at.isoformat() if status.started_at else None,
        "kafka": _server_facts(status.kafka),
        "redis": _server_facts(status.redis),
        "environment": dict(each.split("=", 1) for each in _environment(status)),
    }


def _server_facts(server: "ServerStatus") -> dict[str, Any]:
    return {"port": server.port, "pid": server.pid, "answers": server.answers, "log": str(server.log)}


def _print_json(facts: dict[str, Any]) -> None:
    from json import dumps

    typer.echo(dumps(facts))
