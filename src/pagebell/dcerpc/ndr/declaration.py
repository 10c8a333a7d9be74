"""Declarations: structures, calls and interfaces whose class bodies read like the specification's IDL."""

from __future__ import annotations

import dataclasses
import types
import typing
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Protocol, TypeVar, dataclass_transform

from pagebell.dcerpc.ndr.types import (
    Array,
    Empty,
    Enum16,
    Enum32,
    Node,
    Opaque,
    Order,
    Pointer,
    Scalar,
    StructOf,
    Text,
    To,
    Transfer,
    Union,
    Unsent,
    fixed,
    length_is,
    ranged,
    size_is,
    switch_is,
)

S = TypeVar("S", bound="Struct")
R_co = TypeVar("R_co", covariant=True)


def count_of(name: str, *, unit: int = 1, init: Literal[False] = False) -> Any:
    """Declare a field as the element count of another, times `unit`: `[size_is(cbBuf / 2)]` has unit 2.

    It is derived, never given by the caller, and checked on receipt. Characters count with their terminator.
    """
    return dataclasses.field(init=init, repr=False, metadata={"count_of": (name, unit)})


def count(value: Any) -> int:
    """Return how many elements a field has on the wire; an absent one has none."""
    if value is None:
        return 0
    if isinstance(value, str):
        return len(value.encode("utf-16-le", "surrogatepass")) // 2 + 1
    return len(value)


@dataclass_transform(
    kw_only_default=True, frozen_default=True, field_specifiers=(count_of, dataclasses.field)
)
class Struct:
    """Base of every structure. Frozen; without slots, because the decoder fills an instance in one step."""

    __ndr_counts__: ClassVar[Mapping[str, tuple[str, int]]] = {}
    __ndr_parameters__: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        dataclasses.dataclass(frozen=True, kw_only=True)(cls)
        fields = dataclasses.fields(cls)  # type: ignore[arg-type]  # it has just become one
        cls.__ndr_counts__ = {f.name: f.metadata["count_of"] for f in fields if "count_of" in f.metadata}

    def __post_init__(self) -> None:
        for name, (counted, unit) in self.__ndr_counts__.items():
            object.__setattr__(self, name, count(getattr(self, counted)) * unit)

    @classmethod
    def prepare(cls, transfer: Transfer = Transfer.NDR) -> None:
        """Compile now what the first value would otherwise wait for."""
        from pagebell.dcerpc.ndr.compiler import codec  # noqa: PLC0415 - the compiler reads declarations

        codec(cls, transfer)

    def encode(self, transfer: Transfer = Transfer.NDR) -> bytes:
        """Return the octets in little-endian order; raise `NdrError` for a value that has none."""
        from pagebell.dcerpc.ndr.compiler import codec  # noqa: PLC0415 - the compiler reads declarations

        return codec(type(self), transfer).encode(self)

    @classmethod
    def decode(
        cls: type[S], data: bytes, transfer: Transfer = Transfer.NDR, order: Order = Order.LITTLE
    ) -> S:
        """Read a value from the front of `data`; raise `NdrError` when it makes no sense."""
        from pagebell.dcerpc.ndr.compiler import codec  # noqa: PLC0415

        value, _ = codec(cls, transfer, order).decode(data)
        return typing.cast(S, value)


@dataclasses.dataclass(frozen=True)
class Interface:
    """One RPC interface: its identity, its well-known endpoint, and its operations by number."""

    name: str
    uuid: uuid.UUID
    version: tuple[int, int]
    endpoint: str = ""
    calls: dict[int, type[Call]] = dataclasses.field(default_factory=dict, compare=False, repr=False)

    def add(self, opnum: int, call: type[Call]) -> None:
        """Enter an operation; two operations of one number are a mistake in the declarations."""
        if opnum in self.calls:
            raise TypeError(f"{self.name}: opnum {opnum} is {self.calls[opnum].__name__} and {call.__name__}")
        self.calls[opnum] = call


class Procedure(Protocol[R_co]):
    """What a client calls: [in] parameters whose nested `Reply` types the answer."""

    @property
    def Reply(self) -> type[R_co]:
        """Return the class of the [out] parameters."""


class Call(Struct):
    """The [in] parameters of one operation; the nested `Reply` holds its [out] parameters and its result."""

    interface: ClassVar[Interface]
    opnum: ClassVar[int]

    def __init_subclass__(cls, interface: Interface, opnum: int, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        reply = getattr(cls, "Reply", None)
        if not (isinstance(reply, type) and issubclass(reply, Struct)):
            raise TypeError(f"{cls.__name__} declares no Reply")
        cls.interface, cls.opnum = interface, opnum
        cls.__ndr_parameters__ = reply.__ndr_parameters__ = True
        interface.add(opnum, cls)


# ---------------------------------------------------------------- from annotations to nodes


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """A field of a structure, or a parameter: its name, its node, and what it counts."""

    name: str
    node: Node
    counts: str = ""
    unit: int = 1


_resolved: dict[type[Struct], tuple[Field, ...]] = {}


def fields_of(cls: type[Struct]) -> tuple[Field, ...]:
    """Return the resolved annotations of a structure, in the order of the wire."""
    if cls not in _resolved:
        _resolved[cls] = _resolve_fields(cls)
    return _resolved[cls]


def _resolve_fields(cls: type[Any]) -> tuple[Field, ...]:
    hints = typing.get_type_hints(cls, include_extras=True)
    found = []
    for f in dataclasses.fields(cls):
        counted, unit = f.metadata.get("count_of", ("", 1))
        try:
            node = resolve(hints[f.name])
        except TypeError as error:
            raise TypeError(f"{cls.__qualname__}.{f.name}: {error}") from None
        found.append(Field(f.name, node, counted, unit))
    _check(cls, found)
    return tuple(found)


def _check(cls: type[Any], fields: list[Field]) -> None:
    """Refuse at declaration what would be found only on the wire: names that no field has."""
    names = {f.name for f in fields}
    for f in fields:
        node = f.node.to if isinstance(f.node, Pointer) else f.node
        asked = {f.counts}
        if isinstance(node, Array):
            asked |= {node.size_is, node.length_is}
        elif isinstance(node, Union):
            asked.add(node.switch)
        for name in asked - names - {""}:
            raise TypeError(f"{cls.__qualname__}.{f.name} names {name!r}, which is no field")


def resolve(hint: Any) -> Node:
    """Turn one annotation into a node; raise TypeError when it says nothing about the wire."""
    origin = typing.get_origin(hint)
    if origin is typing.Annotated:
        return _annotated(hint.__origin__, hint.__metadata__)
    if origin in (typing.Union, types.UnionType):
        return Pointer(resolve(_target(hint)))
    if hint is None or hint is type(None):
        return Empty()
    if isinstance(hint, type):
        if issubclass(hint, Struct):
            return StructOf(hint)
        if issubclass(hint, Enum16):
            return Scalar("H", "I", enum=hint)
        if issubclass(hint, Enum32):
            return Scalar("I", enum=hint)
    raise TypeError(f"no NDR representation for {hint!r}")


def _target(hint: Any) -> Any:
    """Take the one type that is not None out of `X | None`."""
    targets = [a for a in typing.get_args(hint) if a is not type(None)]
    if len(targets) != 1:
        raise TypeError(f"{hint!r} needs switch_is")
    return targets[0]


def _annotated(base: Any, marks: tuple[Any, ...]) -> Node:
    """Apply the marks of an annotation, from the inside out."""
    node: Node | None = None
    for mark in marks:
        if isinstance(mark, To):
            node = Pointer(node or resolve(_bare(base)), mark.kind)
        elif isinstance(mark, switch_is):
            node = _union(mark)
        elif isinstance(mark, fixed):
            node = Array(_element(base), fixed=mark.count)
        elif isinstance(mark, Array):
            node = mark if mark.of else dataclasses.replace(mark, of=_element(base))
        elif isinstance(mark, Scalar | Opaque | Text | Unsent):
            node = mark
        elif isinstance(mark, size_is | length_is | ranged):
            node = _narrowed(node or resolve(base), mark)
    if node is None:
        raise TypeError(f"no NDR representation in {marks!r}")
    return node


def _bare(hint: Any) -> Any:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return _target(hint)
    return hint


def _element(hint: Any) -> Node:
    return resolve(typing.get_args(hint)[0])


def _narrowed(node: Node, mark: size_is | length_is | ranged) -> Node:
    """Tie an array (or the array that a pointer leads to) to a field, or a number to a range."""
    if isinstance(node, Pointer):
        return dataclasses.replace(node, to=_narrowed(node.to, mark))
    if isinstance(mark, ranged) and isinstance(node, Scalar):
        return dataclasses.replace(node, low=mark.low, high=mark.high)
    if isinstance(mark, size_is) and isinstance(node, Array):
        return dataclasses.replace(node, size_is=mark.field)
    if isinstance(mark, length_is) and isinstance(node, Array) and node.varying:
        return dataclasses.replace(node, length_is=mark.field)
    raise TypeError(f"{mark!r} does not apply to {node!r}")


def _union(mark: switch_is) -> Union:
    tag = resolve(mark.tag)
    if not isinstance(tag, Scalar):
        raise TypeError("a union's tag is a number")
    arms = {value: resolve(arm) for value, arm in mark.arms.items()}
    default = None if mark.default is ... else resolve(mark.default)
    return Union(mark.field, arms, tag, mark.mask, default)
