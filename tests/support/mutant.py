"""The functions of a module with one piece of their source replaced, as plain Python that cannot run for ever."""

import ast
import inspect
from types import ModuleType
from typing import Any

MOST_STEPS = 5_000_000


class Endless(Exception):
    """The loops of a mutant have turned more often than any that is sound."""


def weakened(module: ModuleType, old: str, new: str) -> dict[str, Any]:
    return changed(module, (old, new))


def changed(module: ModuleType, *changes: tuple[str, str]) -> dict[str, Any]:
    """Each change takes the place of something that is there."""
    source = inspect.getsource(module)
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    plain = source.replace("@compiled\n", "").replace("@bare\n", "").replace("@inlined\n", "")
    tree = ast.fix_missing_locations(Counted().visit(ast.parse(plain)))
    space: dict[str, Any] = {"turn": Steps().turn, "__name__": module.__name__}
    exec(compile(tree, module.__name__, "exec"), space)
    return space


class Counted(ast.NodeTransformer):
    """Every turn of a loop that might not end is a step."""

    def visit_While(self, loop: ast.While) -> ast.While:
        self.generic_visit(loop)
        step = ast.Call(ast.Name("turn", ast.Load()), [], [])
        loop.test = ast.BoolOp(ast.And(), [step, loop.test])
        return loop


class Steps:
    def __init__(self) -> None:
        self.taken = 0

    def turn(self) -> bool:
        self.taken += 1
        if self.taken > MOST_STEPS:
            raise Endless
        return True
