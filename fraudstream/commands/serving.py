"""`fraudstream models serve`: one model behind the routes that MLflow's server has."""

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from fraudstream.commands.ledger import Root, settings_with
from fraudstream.commands.options import Config, Set

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from schemas.settings import Settings
    from serving.door.live import Live

PORT: Final = 5000
"""Where MLflow's server listens."""
CONTEXT: Final = {"help_option_names": ["--help"]}
"""-h is the host, as it is there."""
REFERENCE: Final = "models:/name/3, models:/name@champion, models:/name/Production, or a folder."
MODEL_OPTION: Final = typer.Option("-m", "--model-uri", metavar="MODEL", help=REFERENCE)
ENVIRONMENT: Final = "Understood and not needed: the model runs in this program's environment, nothing is installed."


def serve(
    model: Annotated[str, MODEL_OPTION],
    *,
    port: Annotated[
        int | None, typer.Option("-p", "--port", help=f"Port to listen on; 0 is any free one [{PORT}].")
    ] = None,
    host: Annotated[
        str | None, typer.Option("-h", "--host", help="Address to listen on [serve.host]. Help is --help here.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option("-t", "--timeout", min=0.1, help="Seconds a request may take [serve.timeout].")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("-w", "--workers", min=1, help="Processes that share the port [serve.workers].")
    ] = None,
    env_manager: Annotated[str | None, typer.Option("--env-manager", help=ENVIRONMENT)] = None,
    no_conda: Annotated[bool, typer.Option("--no-conda", help=ENVIRONMENT)] = False,
    root: Root = None,
    config: Config = None,
    sets: Set = None,
    slot: Annotated[int | None, typer.Option(hidden=True)] = None,
    lifeline: Annotated[int | None, typer.Option(hidden=True)] = None,
    listener: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Answer requests with one model, as MLflow's server does: POST /invocations, GET /ping, /health and /version.

    What answers is followed: where an alias moves, the next request is answered by what it names then. It listens on
    this machine alone unless there are keys. SIGTERM ends it once what was asked is answered.
    """
    from fraudstream.logs import configure
    from fraudstream.serving.extra import needed

    del env_manager, no_conda
    needed()
    given: dict[str, Any] = {"port": port, "host": host, "workers": workers}
    given["timeout"] = None if timeout is None else f"{round(timeout * 1000)}ms"
    named = [f"serve.{name}={value}" for name, value in given.items() if value is not None]
    standing = settings_with(root, config, list(sets or []))
    if port is None and "port" not in standing.serve.model_fields_set:
        named.append(f"serve.port={PORT}")
    settings = settings_with(root, config, [*(sets or []), *named])
    configure(settings)
    if settings.serve.workers > 1 and slot is None:
        _check(settings, model)
        from fraudstream.serving.program import several, this_command

        raise typer.Exit(several(this_command(), settings))
    _one(settings, model, slot or 0, lifeline, listener)


def _check(settings: "Settings", model: str) -> None:
    """What is wrong with the model's name or files is said once, before any worker is started."""
    from models.artefact.opened import open_
    from models.registry.registry import Registry

    found = Registry(settings.models.root.expanduser(), settings.models.trusted).resolve(model)
    open_(found.folder, seal=found.seal)


def _one(settings: "Settings", model: str, slot: int, lifeline: int | None, listener: int | None) -> None:
    import os
    import signal

    from consumer.lifeline import Lifeline
    from fraudstream.serving.model import live
    from fraudstream.serving.program import inherited, serve
    from schemas.errors import FraudstreamError
    from serving.server import listen

    line = Lifeline(lifeline, lambda _: os.kill(os.getpid(), signal.SIGTERM))
    try:
        port = listen(settings.serve) if listener is None else inherited(listener)
        answering = live(settings, model)
        serve(_app(settings, answering), settings, port, lambda url: _tell(answering, url, slot))
    except FraudstreamError as error:
        line.died_of(error)
        raise


def _app(settings: "Settings", answering: "Live") -> "ASGIApp":
    from importlib.metadata import version

    from serving.app import Parts, build

    return build(Parts(settings.serve, version("fraudstream"), answering))


def _tell(answering: "Live", url: str, slot: int) -> None:
    if slot == 0:
        ref = answering.answering().ref
        said = f"version {ref.version}, digest {ref.digest}" if ref.version else f"digest {ref.digest}"
        typer.echo(f"serving {ref.name}, {said}, on {url}")
