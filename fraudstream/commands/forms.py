"""Options that several commands have: a form is a dataclass whose fields are declared as options."""

import inspect
from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any, get_type_hints

KEYWORD = inspect.Parameter.KEYWORD_ONLY


def filled(*forms: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The command with the options of the forms before its own; its first parameters are the forms, filled in."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(command, eval_str=True).parameters.values())[len(forms) :]
        listed = {form: _options(form) for form in forms}

        @wraps(command)
        def run(**given: Any) -> None:  # noqa: ANN401 - each as its option has it
            said = [
                form(**{each.name: given.pop(each.name) for each in listed[form] if each.name in given})
                for form in forms
            ]
            command(*said, **given)

        options = [each for form in forms for each in listed[form]]
        signature = inspect.Signature([*options, *(each.replace(kind=KEYWORD) for each in own)])
        run.__signature__ = signature  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in signature.parameters.values()}
        return run

    return decorate


def _options(form: type) -> list[inspect.Parameter]:
    hints = get_type_hints(form, include_extras=True)
    return [
        inspect.Parameter(each.name, KEYWORD, default=each.default, annotation=hints[each.name])
        for each in fields(form)
    ]
