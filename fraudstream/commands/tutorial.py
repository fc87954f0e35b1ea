"""`fraudstream tutorial`: batch against real time, with the parts that do it in earnest."""

from typing import Annotated

import typer


def tutorial(
    only: Annotated[
        list[str] | None, typer.Argument(metavar="[LESSON]...", help="Lessons by name [all]; --list has them.")
    ] = None,
    *,
    list_: Annotated[bool, typer.Option("--list", help="Name the lessons and end.")] = False,
) -> None:
    """Try out batch against real time: the same models through a file and through a request, with what to expect.

    Models, files and server are real and small, in a folder that is gone afterwards; nothing leaves this machine. Exit
    code 1 when something came out otherwise than expected.
    """
    from fraudstream.serving.extra import needed
    from schemas.errors import Usage

    needed()
    from fraudstream.tutorial.lessons import LESSONS
    from fraudstream.tutorial.walk import walk

    names = [each.name for each in LESSONS]
    if list_:
        for each in LESSONS:
            typer.echo(f"{each.name:<22} {each.title}")
        return
    if foreign := [each for each in only or [] if each not in names]:
        raise Usage(f"there is no lesson {', '.join(foreign)}", fix=f"the lessons are {', '.join(names)}")
    chosen = [each for each in LESSONS if not only or each.name in only]
    if wrong := walk(chosen, typer.echo):
        typer.echo(f"{len(wrong)} results are not the expected ones", err=True)
        raise typer.Exit(1)
