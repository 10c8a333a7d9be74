"""Which IPP statuses an operation's handler can answer, found by reading its code.

From the handler on, every function that it mentions is read as well, as far as types tell which one it is: what
a name, an attribute or a call stands for follows from globals, closures, annotations and constructors. What
counts are the facts of `model.errors` that are raised, and the statuses that are named. A port of
`spooler.ports` has no code; what its docstring says that it raises counts instead.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
import types
import typing
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from pagebell.ipp.decoder import Fault
from pagebell.ipp.registry import Op, Status
from pagebell.ipp.requests import check_request
from pagebell.ipp.requests import status_of as status_of_fault
from pagebell.ipp.server import service
from pagebell.ipp.server.call import Call
from pagebell.ipp.server.status import STATUS, status_of
from pagebell.model import errors

_RAISES = re.compile(r"Raises? ((?:[A-Z]\w+|,|and|or|\s)+)")
_SKIPPED = ("pagebell.ipp.registry", "pagebell.ipp.attributes", "pagebell.ipp.encoder")


def general_statuses() -> set[Status]:
    """What any operation may be answered, from the checks that come before its handler."""
    found = _Walk().callable(check_request)
    return found | {status_of_fault(fault) for fault in Fault} | {Status.SERVER_ERROR_INTERNAL_ERROR}


def operation_statuses(handlers: Mapping[Op, Callable[..., Any]]) -> dict[Op, set[Status]]:
    """What each operation may be answered besides, successful-ok not counted."""
    general = general_statuses() | {Status.SUCCESSFUL_OK}
    found = {}
    for op, handler in handlers.items():
        walk = _Walk()
        walk.callable(handler)
        if op not in service._WHEN_OUT_OF_SERVICE:
            walk.fact(errors.OutOfService)
        if op not in service._FOR_STRANGERS:
            walk.fact(errors.NotAuthorized)
            walk.fact(errors.NotAuthenticated)
        found[op] = walk.found - general
    return found


@cache
def _functions_of(file: str) -> dict[tuple[int, str], ast.AST]:
    """A file's functions and lambdas by first line and name."""
    found: dict[tuple[int, str], ast.AST] = {}
    for node in ast.walk(ast.parse(Path(file).read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            found[first, node.name] = node
        elif isinstance(node, ast.Lambda):
            found[node.lineno, "<lambda>"] = node
    return found


class _Walk:
    """One walk over all that a function leads to."""

    def __init__(self) -> None:
        self._seen: set[types.CodeType] = set()
        self.found: set[Status] = set()

    def callable(self, what: object) -> set[Status]:
        """Read a function, a bound one, or a partial one with the functions it was given."""
        if isinstance(what, partial):
            for one in (what.func, *what.args, *what.keywords.values()):
                self.callable(one)
        elif isinstance(what, types.MethodType):
            function = what.__func__
            assert isinstance(function, types.FunctionType)
            self.function(function, type(what.__self__))
        elif isinstance(what, types.FunctionType):
            self.function(what)
        return self.found

    def function(self, function: types.FunctionType, owner: type | None = None) -> set[Status]:
        """Read a function, and all that it mentions."""
        code = function.__code__
        ours = function.__module__.startswith("pagebell.") and function.__module__ not in _SKIPPED
        if (
            code in self._seen or not ours or code.co_filename.startswith("<")
        ):  # <string>: made by dataclasses
            return self.found
        self._seen.add(code)
        node = _functions_of(code.co_filename).get((code.co_firstlineno, code.co_name))
        if node is not None:
            if owner is not None and getattr(owner, "_is_protocol", False):
                self._promised(function)
            _Reading(self, function, owner, node).read()
        return self.found

    def _promised(self, function: types.FunctionType) -> None:
        """What a port's docstring says that it raises."""
        for names in _RAISES.findall(inspect.getdoc(function) or ""):
            for name in re.findall(r"[A-Z]\w+", names):
                self.fact(getattr(errors, name, None))

    def fact(self, kind: object) -> None:
        """A fact is raised."""
        if isinstance(kind, type) and issubclass(kind, errors.Refusal) and kind is not errors.Refusal:
            self.found.add(status_of(kind.__new__(kind)))


class _Reading:
    """One function being read: what its names stand for, and what they lead to."""

    def __init__(self, walk: _Walk, function: types.FunctionType, owner: type | None, node: ast.AST) -> None:
        self._walk = walk
        self._names = {**function.__globals__, **_closure(function)}
        self._node = node
        self._types: dict[str, Any] = {"call": Call}
        if owner is not None:
            self._types["self"] = owner

    def read(self) -> None:
        for node in ast.walk(self._node):
            if isinstance(node, ast.arg) and node.annotation is not None:
                self._types[node.arg] = self._annotation(ast.unparse(node.annotation))
        for node in ast.walk(self._node):
            if isinstance(node, ast.Assign) and len(node.targets) == 1:
                self._assign(node.targets[0], self._type(node.value))
        for node in ast.walk(self._node):
            if isinstance(node, ast.Raise) and node.exc is not None:
                raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
                self._walk.fact(self._value(raised))
            elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
                self._mention(node)

    def _mention(self, node: ast.Name | ast.Attribute) -> None:
        value = self._value(node)
        if isinstance(value, Status):
            self._walk.found.add(value)
        elif isinstance(value, dict) and value is not STATUS:
            self._walk.found.update(one for one in value.values() if isinstance(one, Status))
        elif isinstance(value, property) and isinstance(value.fget, types.FunctionType):
            self._walk.function(value.fget, self._owner(node))
        elif isinstance(value, types.FunctionType):
            self._walk.function(value, self._owner(node))
        elif isinstance(value, type) and value.__module__.startswith("pagebell.spooler"):
            made = value.__dict__.get("__init__")
            if isinstance(made, types.FunctionType):
                self._walk.function(made, value)

    def _owner(self, node: ast.Name | ast.Attribute) -> type | None:
        owner = self._type(node.value) if isinstance(node, ast.Attribute) else None
        return owner if isinstance(owner, type) else None

    def _value(self, node: ast.AST) -> object:
        """The object that a name or an attribute stands for, as far as it is there before the code runs."""
        if isinstance(node, ast.Name):
            return None if node.id in self._types else self._names.get(node.id)
        if isinstance(node, ast.Attribute):
            base = self._value(node.value)
            if isinstance(base, types.ModuleType | type):
                return getattr(base, node.attr, None)
            kind = self._type(node.value)
            return inspect.getattr_static(kind, node.attr, None) if isinstance(kind, type) else None
        return None

    # --- types ---

    def _assign(self, target: ast.AST, kind: Any) -> None:
        if isinstance(target, ast.Name) and kind is not None:
            self._types.setdefault(target.id, kind)
        elif isinstance(target, ast.Tuple) and typing.get_origin(kind) is tuple:
            for one, part in zip(target.elts, typing.get_args(kind), strict=False):
                self._assign(one, part)

    def _type(self, node: ast.AST) -> Any:
        """The type of an expression; None where nothing tells."""
        if isinstance(node, ast.Await | ast.NamedExpr | ast.Starred):
            return self._type(node.value)
        if isinstance(node, ast.Name) and node.id in self._types:
            return self._types[node.id]
        if isinstance(node, ast.Attribute):
            return _attribute_type(self._type(node.value), node.attr)
        if isinstance(node, ast.Call):
            called = self._value(node.func)
            if isinstance(called, type):
                return called
            return _returned(called) if isinstance(called, types.FunctionType) else None
        value = self._value(node)
        return None if value is None or isinstance(value, type | types.ModuleType) else type(value)

    def _annotation(self, text: str) -> Any:
        return _plain(_evaluated(text, self._names))


def _closure(function: types.FunctionType) -> dict[str, object]:
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    found = {}
    for name, cell in cells:
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not filled yet
            continue
    return found


def _evaluated(text: str, names: Mapping[str, Any]) -> Any:
    try:
        return eval(text, dict(names))
    except Exception:  # noqa: BLE001 - a name for type checkers only tells nothing
        return None


def _plain(kind: Any) -> Any:
    """`X | None` as X, and what is not a class as it is."""
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        rest = [one for one in typing.get_args(kind) if one is not types.NoneType]
        return rest[0] if len(rest) == 1 else None
    return kind


def _returned(function: types.FunctionType) -> Any:
    text = function.__annotations__.get("return")
    return _plain(_evaluated(text, function.__globals__) if isinstance(text, str) else text)


@cache
def _attribute_type(owner: Any, name: str) -> Any:
    """The type of an attribute of a class: by its annotation, its property, or the constructor's assignment."""
    if not isinstance(owner, type):
        return None
    found = inspect.getattr_static(owner, name, None)
    if isinstance(found, property) and isinstance(found.fget, types.FunctionType):
        return _returned(found.fget)
    for one in owner.__mro__:
        names = vars(sys.modules[one.__module__])
        text = inspect.get_annotations(one).get(name)
        if text is not None:
            return _plain(_evaluated(text, names) if isinstance(text, str) else text)
        made = one.__dict__.get("__init__")
        if isinstance(made, types.FunctionType) and made.__module__.startswith("pagebell."):
            kind = _assigned(made, one, name)
            if kind is not None:
                return kind
    return None


def _assigned(made: types.FunctionType, owner: type, name: str) -> Any:
    """What a constructor assigns to `self.NAME`."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(made)))
    except OSError:
        return None
    reading = _Reading(_Walk(), made, owner, tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.annotation is not None:
            reading._types[node.arg] = reading._annotation(ast.unparse(node.annotation))
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and _is_own(node.target, name):
            return reading._annotation(ast.unparse(node.annotation))
        if isinstance(node, ast.Assign) and any(_is_own(target, name) for target in node.targets):
            return reading._type(node.value)
    return None


def _is_own(target: ast.AST, name: str) -> bool:
    return (
        isinstance(target, ast.Attribute)
        and target.attr == name
        and isinstance(target.value, ast.Name)
        and target.value.id == "self"
    )
