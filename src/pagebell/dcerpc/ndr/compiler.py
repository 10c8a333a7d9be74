"""Compiles declarations to Python functions, once per class and transfer syntax, and locates their errors.

Generated code has no bookkeeping for errors. When something fails, the traceback's frames tell where: each
generated line has a label with the field that it works on, and the frame's loop variables give the indices.
"""

from __future__ import annotations

import functools
import itertools
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from pagebell.dcerpc.ndr.declaration import Struct
from pagebell.dcerpc.ndr.decoder import Decoder
from pagebell.dcerpc.ndr.encoder import Encoder
from pagebell.dcerpc.ndr.errors import NdrError
from pagebell.dcerpc.ndr.layout import Label, align, conformant, deferred, function_suffix
from pagebell.dcerpc.ndr.runtime import NAMESPACE, Reading
from pagebell.dcerpc.ndr.types import Order, StructOf, Transfer

FIRST_REFERENT = 0x00020000
_UNREADABLE = (struct.error, ValueError, OverflowError, RecursionError)
"""What octets that make no sense let generated code raise; `NdrError` is a ValueError."""
_UNWRITABLE = (*_UNREADABLE, TypeError, AttributeError)
"""The same for values of the wrong sort."""


@dataclass(frozen=True, slots=True)
class Codec:
    """The two functions of one class in one transfer syntax, and the source that they came from."""

    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], tuple[Any, int]]
    source: str


@dataclass(slots=True)
class Program:
    """All generated functions of one transfer syntax."""

    transfer: Transfer
    order: Order
    names: dict[str, Any] = field(default_factory=lambda: dict(NAMESPACE))
    labels: dict[str, list[Label]] = field(default_factory=dict)
    sources: dict[type[Struct], str] = field(default_factory=dict)

    @property
    def wide(self) -> bool:
        """Tell whether counts and referents take eight octets."""
        return self.transfer is Transfer.NDR64

    def add(self, cls: type[Struct]) -> None:
        """Compile a class and everything it is made of."""
        waiting = [cls]
        while waiting:
            one = waiting.pop()
            if one not in self.sources:
                waiting += self._one(one)

    def _one(self, cls: type[Struct]) -> list[type[Struct]]:
        encoder, decoder = Encoder(wide=self.wide), Decoder(wide=self.wide, order=self.order)
        for emitter in (encoder, decoder):
            if cls.__ndr_parameters__:
                emitter.parameters(cls)
            else:
                emitter.structure(cls)
            text = "\n".join(emitter.lines) + "\n"
            syntax = f"{self.transfer.value}{self.order.value}"
            name = f"<{type(emitter).__name__} of {cls.__qualname__}_{id(cls)} in {syntax}"
            self.labels[name] = emitter.labels
            self.sources[cls] = self.sources.get(cls, "") + text
            # The source is made of declarations alone; nothing that a peer sent is in it.
            exec(compile(text, name, "exec"), self.names)
            if isinstance(emitter, Encoder):
                self._rename(cls, emitter)
            self.names.update(emitter.constants)
        return [*encoder.used, *decoder.used]

    def _rename(self, cls: type[Struct], emitter: Encoder) -> None:
        """Keep a list of parameters' encoder apart from its decoder: both are called p_."""
        if cls.__ndr_parameters__:
            suffix = emitter.ref(cls)
            self.names[f"w_{suffix}"] = self.names.pop(f"p_{suffix}")

    def located(self, error: BaseException, tb: TracebackType | None) -> NdrError:
        """Return the error with offset and path, read off the frames of generated code."""
        path, offset, reason = "", 0, error.reason if isinstance(error, NdrError) else str(error)
        while tb is not None:
            code, local = tb.tb_frame.f_code, tb.tb_frame.f_locals
            if code.co_filename in self.labels:
                label = self.labels[code.co_filename][tb.tb_lineno - 1]
                offset = local["o"] if "o" in local else len(local["w"])
                path += _step(label, local, path)
            tb = tb.tb_next
        if isinstance(error, RecursionError):
            reason, path = "nested too deeply", path[:200]
        return NdrError(reason, offset, path)


def _step(label: Label, local: dict[str, Any], path: str) -> str:
    """Name one field, with its indices."""
    name = label.name
    if label.fused:
        name = _culprit(label, local)
    indices = "".join(f"[{local[i]}]" for i in label.indices if i in local)
    return f"{'.' if path and name else ''}{name}{indices}"


def _culprit(label: Label, local: dict[str, Any]) -> str:
    """Tell which field of a group it was: the first that is cut off, or the first that cannot be packed."""
    if "b" in local:
        room = len(local["b"]) - local["o"]
        return next((name for name, end, _ in label.fused if end > room), label.name)
    for name, _, fmt in label.fused:
        try:
            struct.pack(fmt, getattr(local["v"], name))
        except (struct.error, AttributeError):
            return name
    return label.name


@functools.cache
def program(transfer: Transfer, order: Order) -> Program:
    """Return the program of a transfer syntax in a byte order."""
    return Program(transfer, order)


_codecs: dict[tuple[type[Struct], Transfer, Order], Codec] = {}


def codec(cls: type[Struct], transfer: Transfer, order: Order = Order.LITTLE) -> Codec:
    """Return a class's codec, compiled on first use; `order` is that of the octets to decode."""
    key = cls, transfer, order
    if key not in _codecs:
        _codecs[key] = _codec(cls, program(transfer, order))
    return _codecs[key]


def _codec(cls: type[Struct], p: Program) -> Codec:
    p.add(cls)
    suffix = function_suffix(cls)
    write, read = _parts(p, cls, suffix)

    def encode(value: Any) -> bytes:
        out = bytearray()
        try:
            write(out, value, itertools.count(FIRST_REFERENT, 4))
        except _UNWRITABLE as error:
            raise p.located(error, error.__traceback__) from None
        return bytes(out)

    def decode(data: bytes) -> tuple[Any, int]:
        try:
            return read(bytes(data))
        except _UNREADABLE as error:
            raise p.located(error, error.__traceback__) from None

    return Codec(encode, decode, p.sources[cls])


def _parts(
    p: Program, cls: type[Struct], suffix: str
) -> tuple[Callable[[bytearray, Any, Any], None], Callable[[bytes], tuple[Any, int]]]:
    """Put a class's functions together: as a list of parameters, or as one structure by itself."""
    names = p.names
    if cls.__ndr_parameters__:
        write, read = names[f"w_{suffix}"], names[f"p_{suffix}"]
        return write, lambda data: read(data, 0, Reading(len(data)))
    sized, later, gap = conformant(StructOf(cls)), deferred(StructOf(cls)), align(StructOf(cls), p.wide) - 1

    def write_structure(w: bytearray, v: Any, n: Any) -> None:
        if sized:
            names[f"c_{suffix}"](w, v, n)
            w += bytes(-len(w) & gap)
        names[f"e_{suffix}"](w, v, n)
        if later:
            names[f"r_{suffix}"](w, v, n)

    def read_structure(b: bytes) -> tuple[Any, int]:
        seen = Reading(len(b))
        if sized:
            m, o = names[f"m_{suffix}"](b, 0)
            v, o = names[f"d_{suffix}"](b, o + (-o & gap), seen, m)
        else:
            v, o = names[f"d_{suffix}"](b, 0, seen)
        if later:
            o = names[f"f_{suffix}"](b, o, seen, v)
        return v, o

    return write_structure, read_structure
