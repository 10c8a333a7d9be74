"""Where things lie: alignments, sizes and deferred parts of each node, in NDR and in NDR64."""

from __future__ import annotations

import abc
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from pagebell.dcerpc.ndr.declaration import Struct, fields_of
from pagebell.dcerpc.ndr.types import (
    Array,
    Empty,
    Node,
    Opaque,
    Pointer,
    Scalar,
    StructOf,
    Text,
    Union,
    Unsent,
)


def code(node: Scalar, wide: bool) -> str:
    """Return the `struct` code of a number."""
    return node.code64 if wide and node.code64 else node.code


def word(wide: bool) -> int:
    """Return the size of a count and of a referent identifier ([MS-RPCE] 2.2.5.1)."""
    return 8 if wide else 4


def align(node: Node, wide: bool) -> int:
    """Return the alignment of a node in place."""
    match node:
        case Scalar():
            return struct.calcsize("<" + code(node, wide))
        case Opaque():
            return 4
        case Pointer():
            return word(wide)
        case Text():
            return word(wide) if node.varying else node.unit
        case Array():
            return max(align(node.of, wide), word(wide) if node.varying else 1)
        case Union():
            arms = [*node.arms.values(), node.default or Empty()]
            return max(align(arm, wide) for arm in (node.tag, *arms))
        case StructOf():
            return max((align(f.node, wide) for f in fields_of(node.cls)), default=1)
    return 1


def arms_align(node: Union) -> int:
    """Return the alignment that every arm of a union has in NDR: that of the largest, as Microsoft's stubs have it."""
    return max((align(arm, False) for arm in (*node.arms.values(), node.default or Empty())), default=1)


def deferred(node: Node) -> bool:
    """Tell whether a node has referents that follow the outermost construct (C706 14.3.12.3)."""
    match node:
        case Pointer():
            return True
        case Array():
            return deferred(node.of)
        case Union():
            return any(deferred(arm) for arm in (*node.arms.values(), node.default or Empty()))
        case StructOf():
            return any(deferred(f.node) for f in fields_of(node.cls))
    return False


def conformant(node: Node) -> bool:
    """Tell whether a node's count goes to the front of the outermost structure (C706 14.3.7.1)."""
    match node:
        case Array():
            return node.fixed is None
        case Text():
            return node.conformant
        case StructOf():
            fields = fields_of(node.cls)
            return bool(fields) and conformant(fields[-1].node)
    return False


def least(node: Node, wide: bool) -> int:
    """Return a lower bound of a node's octets, to bound counts before anything is built."""
    match node:
        case Scalar():
            return struct.calcsize("<" + code(node, wide))
        case Opaque():
            return node.size
        case Pointer():
            return word(wide)
        case Text():
            return 2 * word(wide) if node.varying else 0
        case Array():
            return (node.fixed or 0) * least(node.of, wide)
        case Union():
            return least(node.tag, wide)
        case StructOf():
            return sum(least(f.node, wide) for f in fields_of(node.cls))
    return 0


def sent(node: Node) -> bool:
    """Tell whether a node has octets of its own."""
    return not isinstance(node, Unsent | Empty)


def function_suffix(cls: type[Struct]) -> str:
    """Return what tells a class's generated functions apart; names alone repeat (`Reply`)."""
    return f"{cls.__name__}_{id(cls)}"


@dataclass(slots=True)
class Label:
    """What a generated line works on: a field, the loop variables that index it, or several fields."""

    name: str = ""
    indices: tuple[str, ...] = ()
    fused: tuple[tuple[str, int, str], ...] = ()
    """(field, end of its octets from the start of the group, struct code)"""


@dataclass(slots=True)
class Source(abc.ABC):
    """Generated lines with their labels, and what is known of the position: `offset` modulo `known`."""

    lines: list[str] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    indent: int = 0
    name: str = ""
    indices: list[str] = field(default_factory=list)
    known: int = 1
    offset: int = 0
    format: str = ""
    parts: list[str] = field(default_factory=list)
    fused: list[tuple[str, int, str]] = field(default_factory=list)
    after: list[tuple[str, str]] = field(default_factory=list)
    names: int = 0
    used: list[type[Struct]] = field(default_factory=list)
    constants: dict[str, object] = field(default_factory=dict)

    def ref(self, cls: type[Struct]) -> str:
        """Return the suffix of a structure's functions, and remember that they are needed."""
        self.used.append(cls)
        return function_suffix(cls)

    def constant(self, name: str, value: object) -> str:
        """Make a value known to the generated source under a name."""
        self.constants[name] = value
        return name

    def add(self, text: str) -> None:
        """Append one line that works on the field at hand."""
        self.lines.append("    " * self.indent + text)
        self.labels.append(Label(self.name, tuple(self.indices)))

    def fresh(self, stem: str) -> str:
        """Return a variable name that is not yet in use."""
        self.names += 1
        return f"{stem}{self.names}"

    def fuse(self, fmt: str, part: str, alignment: int) -> None:
        """Add fixed-size octets to the group that one pack or unpack will handle."""
        if alignment <= self.known:
            gap = -self.offset % alignment
            if gap:
                self.format += f"{gap}x"
                self.offset += gap
        else:
            self.flush()
            self.align(alignment)
        self.format += fmt
        self.parts.append(part)
        self.offset += struct.calcsize("<" + fmt)
        self.fused.append((self.name, struct.calcsize("<" + self.format), fmt))

    def flush(self) -> None:
        """Emit the group."""
        if not self.format:
            return
        self.emit_group()
        self.labels[-1] = Label(self.name, tuple(self.indices), tuple(self.fused))
        self.format, self.parts, self.fused = "", [], []
        name, after, self.after = self.name, self.after, []
        for self.name, line in after:
            self.add(line)
        self.name = name

    def align(self, alignment: int) -> None:
        """Bring the position to a multiple of `alignment`, at run time where it isn't known before."""
        if alignment <= self.known and self.offset % alignment == 0:
            return
        self.flush()
        self.emit_alignment(alignment)
        self.known, self.offset = alignment, 0

    def lost(self) -> None:
        """Forget the position: something of unknown size was passed."""
        self.known, self.offset = 1, 0

    def branches(self, node: Union, tag: str, write: Callable[[Node], None], empty: str = "pass") -> None:
        """Write a branch for each arm; a value without an arm is an error."""
        word_ = "if"
        for value, arm in node.arms.items():
            self.add(f"{word_} {tag} == {int(value)}:")
            word_ = "elif"
            self.body(arm, write, empty)
        self.add("else:")
        if node.default is None:
            self.indent += 1
            self.add(f"no_arm({tag})")
            self.indent -= 1
        else:
            self.body(node.default, write, empty)

    def body(self, arm: Node, write: Callable[[Node], None], empty: str) -> None:
        """Write the body of a branch."""
        self.indent += 1
        before = len(self.lines)
        if sent(arm):
            write(arm)
        if len(self.lines) == before:
            self.add(empty)
        self.indent -= 1

    @abc.abstractmethod
    def emit_group(self) -> None:
        """Write the pack or unpack of the group; given by the encoder and the decoder."""

    @abc.abstractmethod
    def emit_alignment(self, alignment: int) -> None:
        """Write the run-time alignment; given by the encoder and the decoder."""
