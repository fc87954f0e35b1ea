"""`fraudstream serve`: the live page, the product's routes and the live model behind one port."""

from typing import TYPE_CHECKING, Annotated

import typer

from fraudstream.commands.options import Bootstrap, Config, RedisUrl, Set, settings_from
from fraudstream.commands.top import Nodes

if TYPE_CHECKING:
    from fraudstream.serving.everything import Opened

Port = Annotated[int | None, typer.Option("--port", "-p", help="Port to listen on; 0 is any free one [serve.port].")]
Host = Annotated[str | None, typer.Option("--host", help="Address to listen on [serve.host].")]


def serve(
    *,
    port: Port = None,
    host: Host = None,
    node: Nodes = None,
    bootstrap: Bootstrap = None,
    redis: RedisUrl = None,
    config: Config = None,
    sets: Set = None,
) -> None:
    """Show the stream live in a browser, and answer requests: the page at /, the product below /v1, /invocations.

    What is away is shown as such and asked again: Kafka, Redis, the registry and the workers may come later. It
    listens on this machine alone unless there are keys. SIGTERM ends it once what was asked is answered.
    """
    from fraudstream.logs import configure
    from fraudstream.serving.extra import needed

    needed()
    given = {"port": port, "host": host}
    named = [f"serve.{name}={value}" for name, value in given.items() if value is not None]
    settings = settings_from(bootstrap, redis, config, [*(sets or []), *named])
    configure(settings)
    from fraudstream.serving.everything import serve_everything

    serve_everything(settings, node or (), _tell)


def _tell(opened: "Opened") -> None:
    from fraudstream.serving.everything import line

    deciding = f"model {opened.model}" if opened.model else "no model is live, the rules decide"
    typer.echo(f"serving the live page on {opened.url}/ ({deciding}); Ctrl-C ends it")
    for name, source in opened.sources:
        typer.echo(line(name, source))
