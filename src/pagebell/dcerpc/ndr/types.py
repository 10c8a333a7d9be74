"""The vocabulary of declarations: what an annotation may say, and the nodes that it stands for.

An annotation is an ordinary type for the type checker, and carries a node for the compiler:
`DWORD` is `int`, `wstr` is `str`, `array[WORD]` is `tuple[int, ...]`, `X | None` a [unique] pointer to X.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Annotated, Any, TypeVar

T = TypeVar("T")


class Transfer(Enum):
    """The two transfer syntaxes: NDR 2.0 (C706 14) and NDR64 ([MS-RPCE] 2.2.5)."""

    NDR = "NDR"
    NDR64 = "NDR64"

    __hash__ = object.__hash__  # codecs are found by it, and Enum's own is slow


class Order(Enum):
    """The two byte orders of a stub; ours is always little-endian, a peer's may be either (C706 14.1)."""

    LITTLE = "<"
    BIG = ">"

    __hash__ = object.__hash__


class Enum16(IntEnum):
    """Base of IDL `enum`: 16 bits in NDR, 32 bits in NDR64 ([MS-RPCE] 2.2.5.2). Members only are accepted."""


class Enum32(IntEnum):
    """Base of IDL `[v1_enum] enum`: 32 bits in both transfer syntaxes. Members only are accepted."""


NIL = uuid.UUID(int=0)


@dataclass(frozen=True, slots=True)
class ContextHandle:
    """What a client holds for an object of the server's: opaque to the client (C706 6.1.6, appendix N)."""

    uuid: uuid.UUID = NIL
    attributes: int = 0

    def __bool__(self) -> bool:
        return self.uuid.int != 0

    def __bytes__(self) -> bytes:
        return self.attributes.to_bytes(4, "little") + self.uuid.bytes_le

    @classmethod
    def from_bytes(cls, data: bytes) -> ContextHandle:
        """Read the 20 octets of the wire, in the order of ours."""
        return cls(uuid.UUID(bytes_le=data[4:20]), int.from_bytes(data[:4], "little"))

    @classmethod
    def from_big_endian(cls, data: bytes) -> ContextHandle:
        """Read the 20 octets of the wire, in a big-endian peer's order."""
        return cls(uuid.UUID(bytes=data[4:20]), int.from_bytes(data[:4], "big"))


# ---------------------------------------------------------------- nodes: what the compiler works on


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number: its `struct` code in NDR and in NDR64, and the enum or range that limits it."""

    code: str
    code64: str = ""
    enum: type[IntEnum] | None = None
    low: int | None = None
    high: int | None = None

    @property
    def limited(self) -> bool:
        """Tell whether some values of the wire are refused."""
        return self.enum is not None or self.low is not None or self.high is not None


@dataclass(frozen=True, slots=True)
class Opaque:
    """Fixed octets with a Python value of their own, aligned to four: a UUID or a context handle."""

    size: int
    python: type[Any]


@dataclass(frozen=True, slots=True)
class Text:
    """Characters: `unit` octets each; with a conformance, a variance, a terminator ([string]) or not."""

    unit: int
    conformant: bool
    varying: bool
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Array:
    """Elements; `fixed` count, or a conformance; a variance or not. Octets are held as `bytes`."""

    of: Any = None
    fixed: int | None = None
    varying: bool = False
    as_bytes: bool = False
    size_is: str = ""
    length_is: str = ""


class Kind(Enum):
    """The three kinds of pointer, C706 4.2.20 and 14.3.10."""

    REF = "ref"
    UNIQUE = "unique"
    PTR = "ptr"


@dataclass(frozen=True, slots=True)
class Pointer:
    """A referent identifier here and the referent later; a [ref] parameter is its referent alone."""

    to: Any
    kind: Kind = Kind.UNIQUE


@dataclass(frozen=True, slots=True)
class Union:
    """A non-encapsulated union: its tag, then the arm that the tag selects (C706 14.3.8)."""

    switch: str
    arms: Mapping[int, Any] = dataclasses.field(hash=False)
    tag: Scalar
    mask: int | None = None
    default: Any = None


@dataclass(frozen=True, slots=True)
class StructOf:
    """A structure in place."""

    cls: type[Any]


@dataclass(frozen=True, slots=True)
class Empty:
    """An arm with nothing in it."""


@dataclass(frozen=True, slots=True)
class Unsent:
    """A field that takes no octets: it only sizes an array, as the request's parameter does in a reply."""


Node = Scalar | Opaque | Text | Array | Pointer | Union | StructOf | Empty | Unsent


# ---------------------------------------------------------------- modifiers


@dataclass(frozen=True, slots=True)
class To:
    """Makes a pointer of this kind out of what it annotates."""

    kind: Kind


@dataclass(frozen=True, slots=True)
class size_is:
    """[size_is(field)]: the conformance of an array is the value of this field."""

    field: str


@dataclass(frozen=True, slots=True)
class length_is:
    """[length_is(field)]: the variance of an array is the value of this field."""

    field: str


@dataclass(frozen=True, slots=True)
class fixed:
    """`Annotated[tuple[WORD, ...], fixed(8)]` is `WORD name[8]`."""

    count: int


@dataclass(frozen=True, slots=True)
class ranged:
    """[range(low, high)], both included."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class switch_is:
    """[switch_is(field & mask)] union: `arms` by value, None for an empty arm.

    A value without an arm is an error unless `default` says otherwise; `default=None` takes it as empty.
    `tag` is the annotation of [switch_type].
    """

    field: str
    arms: Mapping[int, Any] = dataclasses.field(hash=False)
    default: Any = ...
    mask: int | None = None
    tag: Any = Annotated[int, Scalar("I")]


# ---------------------------------------------------------------- annotations

BYTE = Annotated[int, Scalar("B")]
SHORT = Annotated[int, Scalar("h")]
WORD = Annotated[int, Scalar("H")]
LONG = Annotated[int, Scalar("i")]
DWORD = Annotated[int, Scalar("I")]
HYPER = Annotated[int, Scalar("q")]
ULONGLONG = Annotated[int, Scalar("Q")]
WERROR = Annotated[int, Scalar("I")]
INT3264 = Annotated[int, Scalar("i", "q")]
UINT3264 = Annotated[int, Scalar("I", "Q")]
FLOAT = Annotated[float, Scalar("f")]
DOUBLE = Annotated[float, Scalar("d")]
GUID = Annotated[uuid.UUID, Opaque(16, uuid.UUID)]
context_handle = Annotated[ContextHandle, Opaque(20, ContextHandle)]

wstr = Annotated[str, Text(2, conformant=True, varying=True)]
"""[string] wchar_t*: conformant and varying, terminated (C706 14.3.4.2)."""
cstr = Annotated[str, Text(1, conformant=True, varying=True)]
"""[string] char*: as `wstr`, one octet a character (Latin-1)."""
wchars = Annotated[str, Text(2, conformant=True, varying=False)]
"""[size_is(n)] wchar_t*: a conformant array with a string in it, or several; one terminator is added and taken."""

array = Annotated[tuple[T, ...], Array()]
"""[size_is(n)]: a conformant array."""
varying_array = Annotated[tuple[T, ...], Array(varying=True)]
"""[size_is(n), length_is(m)]: a conformant and varying array."""
blob = Annotated[bytes, Array(of=Scalar("B"), as_bytes=True)]
"""[size_is(n)] byte*: one copy, no tuple."""
varying_blob = Annotated[bytes, Array(of=Scalar("B"), as_bytes=True, varying=True)]
"""[size_is(n), length_is(m)] byte*."""

ref = Annotated[T, To(Kind.REF)]
"""[ref]: never null. A parameter that is [ref] needs no mark; a field inside a structure does."""
ptr = Annotated[T | None, To(Kind.PTR)]
"""[ptr]: a full pointer; two of them may share one referent on receipt."""
unsent = Annotated[int, Unsent()]


def octets(count: int) -> Array:
    """`Annotated[bytes, octets(6)]` is `byte name[6]`."""
    return Array(of=Scalar("B"), fixed=count, as_bytes=True)


def char_array(most: int) -> Text:
    """`Annotated[str, char_array(64)]` is `[string] char name[64]`: varying, of fixed size."""
    return Text(1, conformant=False, varying=True, most=most)
