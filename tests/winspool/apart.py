"""Values of declared structures in which no two texts and numbers are alike, and all of them one by one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, TypeVar

from pagebell.dcerpc.ndr import Struct
from pagebell.dcerpc.ndr.declaration import fields_of
from pagebell.dcerpc.ndr.types import Pointer, Scalar, Union

S = TypeVar("S", bound=Struct)
CODES = set("hHiIqQ")
"""Scalars that take any of these numbers."""


def apart(value: S, numbers: Iterator[int]) -> S:
    """The same with a number of its own in each place where nothing depends on the number: counts and levels stay."""
    fields = fields_of(type(value))
    kept = {"Level", *(field.node.switch for field in fields if isinstance(field.node, Union))}
    changes: dict[str, Any] = {}
    for field in fields:
        if field.counts or field.name in kept:
            continue
        node, old = field.node, getattr(value, field.name)
        if isinstance(node, Union):
            node = node.arms.get(getattr(value, node.switch) & (node.mask or ~0))
        new = _apart(node.to if isinstance(node, Pointer) else node, old, numbers)
        if new is not old:
            changes[field.name] = new
    return dataclasses.replace(value, **changes)


def _apart(node: Any, old: Any, numbers: Iterator[int]) -> Any:
    if isinstance(old, Struct):
        return apart(old, numbers)
    if isinstance(old, tuple) and old and isinstance(old[0], Struct):
        return tuple(apart(one, numbers) for one in old)
    if isinstance(old, str) and old and "\0" not in old:
        return f"text{next(numbers)}"
    if type(old) is int and isinstance(node, Scalar) and node.enum is None and node.code in CODES:
        return next(numbers)
    return old


def leaves(value: Struct, path: str = "") -> Iterator[tuple[str, Any]]:
    """The texts, numbers, handles and octets within, by their names."""
    for field in fields_of(type(value)):
        name, found = path + field.name, getattr(value, field.name)
        for one in found if isinstance(found, tuple) and found and isinstance(found[0], Struct) else (found,):
            if isinstance(one, Struct):
                yield from leaves(one, f"{name}.")
            elif one is not None:
                yield name, one
