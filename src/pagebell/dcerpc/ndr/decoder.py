"""Writes the Python source that decodes a structure.

Three functions a structure: `m_` reads the conformance that goes in front, `d_` the octets in place, `f_`
the referents. In them `b` is the octets, `o` the offset, `R` the message's `Reading`; `v_X` is the field X and
`m_X` the count that its array was announced with. Between `d_` and `f_` a pointer field holds its referent
identifier.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from pagebell.dcerpc.ndr.declaration import Field, Struct, fields_of
from pagebell.dcerpc.ndr.layout import (
    Source,
    align,
    arms_align,
    code,
    conformant,
    deferred,
    least,
    word,
)
from pagebell.dcerpc.ndr.types import (
    Array,
    Kind,
    Node,
    Opaque,
    Order,
    Pointer,
    Scalar,
    StructOf,
    Text,
    Union,
    Unsent,
)

FEW = 16
"""Fixed arrays up to this size are unpacked together with their neighbours."""


@dataclass(slots=True)
class Decoder(Source):
    """One structure's decoding functions."""

    wide: bool = False
    order: Order = Order.LITTLE

    def python(self, cls: type) -> str:
        """Return a name by which the generated source reaches a class."""
        return self.constant(f"K_{cls.__name__}_{id(cls)}", cls)

    def ordered(self, name: str, size: int) -> str:
        """Return the name of the conversion for this byte order."""
        return f"{name}{size}" if self.order is Order.LITTLE else f"{name}{size}_big"

    def emit_group(self) -> None:
        """Unpack the group."""
        comma = "," if len(self.parts) == 1 else ""
        name = self.constant(f"U_{self.format}", struct.Struct(self.order.value + self.format).unpack_from)
        size = struct.calcsize("<" + self.format)
        self.add(f"{', '.join(self.parts)}{comma} = {name}(b, o); o += {size}")

    def emit_alignment(self, alignment: int) -> None:
        """Pass the gap."""
        self.add(f"o += -o & {alignment - 1}")

    # ------------------------------------------------------------ functions

    def structure(self, cls: type[Struct]) -> None:
        """Write the functions of a structure."""
        suffix, fields, whole = self.ref(cls), fields_of(cls), StructOf(cls)
        sized = conformant(whole)
        if sized:
            self.begin(f"m_{suffix}", "b, o")
            self.name = fields[-1].name
            self.conformance(fields[-1].node, "m")
            self.end("m, o")
        self.begin(f"d_{suffix}", "b, o, R, m" if sized else "b, o, R")
        self.known = align(whole, self.wide)
        for f in fields:
            self.name = f.name
            last = sized and f is fields[-1]
            if last:
                self.flush()
                self.add(f"m_{f.name} = m")
            self.value(f.node, f"v_{f.name}", f"m_{f.name}")
        self.name = ""
        if self.wide:
            self.align(align(whole, self.wide))
        self.checks(fields, "v_", lambda node: not isinstance(node, Pointer))
        self.add(f"v = new({self.python(cls)})")
        self.add(f"put(v, '__dict__', {self.collected(fields)})")
        self.end("v, o")
        if deferred(whole):
            self.completion(suffix, fields)

    def completion(self, suffix: str, fields: tuple[Field, ...]) -> None:
        """Write the function that replaces referent identifiers by what they lead to."""
        self.begin(f"f_{suffix}", "b, o, R, v")
        self.add("D = v.__dict__")
        for f in fields:
            if deferred(f.node):
                self.name = f.name
                place = f"D['{f.name}']"
                self.referents(f.node, place, place, f"m_{f.name}", "v.")
        self.checks(fields, "v.", lambda node: isinstance(node, Pointer))
        self.end("o")

    def parameters(self, cls: type[Struct]) -> None:
        """Write the one function of a list of parameters."""
        fields = fields_of(cls)
        self.begin(f"p_{self.ref(cls)}", "b, o, R")
        self.known = 8
        for f in fields:
            self.name = f.name
            node = f.node.to if isinstance(f.node, Pointer) and f.node.kind is Kind.REF else f.node
            self.whole(node, f"v_{f.name}", f"m_{f.name}", "v_")
        self.checks(fields, "v_", lambda node: True)
        self.name = ""
        self.add(f"v = new({self.python(cls)})")
        self.add(f"put(v, '__dict__', {self.collected(fields)})")
        self.end("v, o")

    def begin(self, name: str, arguments: str) -> None:
        """Open a function."""
        self.add(f"def {name}({arguments}):")
        self.indent = 1
        self.lost()

    def end(self, result: str) -> None:
        """Close it."""
        self.flush()
        self.name = ""
        self.add(f"return {result}")
        self.indent = 0

    def collected(self, fields: tuple[Field, ...]) -> str:
        """Return all fields; one that isn't sent has the size of the array that names it."""
        return "{" + ", ".join(f"'{f.name}': {self.source(f, fields)}" for f in fields) + "}"

    def source(self, f: Field, fields: tuple[Field, ...]) -> str:
        """Return the expression of one field."""
        if not isinstance(f.node, Unsent):
            return f"v_{f.name}"
        sized = (g.name for g in fields if isinstance(g.node, Array) and g.node.size_is == f.name)
        return next((f"m_{name}" for name in sized), "0")

    def checks(self, fields: tuple[Field, ...], stem: str, here: Callable[[Node], bool]) -> None:
        """Refuse counts that contradict their arrays; of those arrays that this function reads."""
        self.flush()
        unsent = {f.name for f in fields if isinstance(f.node, Unsent)}
        counted = {f.counts: (f.name, f.unit) for f in fields if f.counts}
        for f in fields:
            node = f.node.to if isinstance(f.node, Pointer) else f.node
            if not here(f.node) or not isinstance(node, Array | Text):
                continue
            announced = "len" if isinstance(node, Array) and node.varying else "m_"
            pairs = [(*counted[f.name], announced)] if f.name in counted else []
            # A null pointer has nothing to count. [MS-RPCE] 3.1.1.5.3.3.1.2
            if pairs and isinstance(f.node, Pointer):
                self.name = pairs[0][0]
                self.add(f"if {stem}{f.name} is None and {stem}{self.name}: miscounted({stem}{self.name})")
            if isinstance(node, Array):
                pairs += [(node.size_is, 1, "m_"), (node.length_is, 1, "len")]
            for name, unit, what in pairs:
                if name and name not in unsent:
                    self.name = name
                    actual = f"m_{f.name}" if what == "m_" else f"len({stem}{f.name})"
                    self.add(f"if {stem}{f.name} is not None and {stem}{name} // {unit} != {actual}:")
                    self.add(f"    miscounted({stem}{name})")

    # ------------------------------------------------------------ nodes

    def whole(self, node: Node, x: str, m: str, stem: str) -> None:
        """Read a parameter or the referent of a pointer: conformance, octets, referents."""
        if conformant(node):
            self.conformance(node, m)
        self.value(node, x, m)
        if deferred(node):
            self.flush()
            self.referents(node, x, x, m, stem)

    def conformance(self, node: Node, m: str) -> None:
        """Read the count that goes in front."""
        size = word(self.wide)
        if isinstance(node, StructOf):
            self.flush()
            self.add(f"{m}, o = m_{self.ref(node.cls)}(b, o)")
            self.known, self.offset = size, 0
        else:
            self.fuse("Q" if self.wide else "I", m, size)

    def value(self, node: Node, x: str, m: str) -> None:
        """Read a node in place."""
        match node:
            case Scalar():
                self.scalar(node, x)
            case Opaque():
                self.fuse(f"{node.size}s", x, 4)
                self.after.append((self.name, f"{x} = {self.ordered('opaque', node.size)}({x})"))
            case Pointer():
                self.fuse("Q" if self.wide else "I", x, word(self.wide))
            case Text():
                self.text(node, x, m)
            case Array():
                self.array(node, x, m)
            case Union():
                self.union(node, x, m)
            case StructOf():
                self.align(align(node, self.wide))
                self.flush()
                self.add(f"{x}, o = d_{self.ref(node.cls)}(b, o, R{f', {m}' if conformant(node) else ''})")
                self.lost()

    def scalar(self, node: Scalar, x: str) -> None:
        """Add a number to the group, and what is to be done with it afterwards."""
        self.fuse(code(node, self.wide), x, align(node, self.wide))
        if node.low is not None or node.high is not None:
            self.after.append((self.name, f"within({x}, {node.low}, {node.high})"))
        if node.enum is not None:
            self.after.append((self.name, f"{x} = {self.python(node.enum)}({x})"))

    def text(self, node: Text, x: str, m: str) -> None:
        """Read characters with their counts."""
        size, long = word(self.wide), "Q" if self.wide else "I"
        if not node.varying:
            self.flush()
            self.add(f"{x} = {self.ordered('chars', node.unit)}(b, o, {m}); o += {m} * {node.unit}")
            return self.lost()
        first, count = self.fresh("z"), self.fresh("c")
        self.fuse(long, first, size)
        self.fuse(long, count, size)
        self.flush()
        announced = m if node.conformant else node.most
        read = self.ordered("string", node.unit)
        self.add(f"{x} = {read}(b, o, {announced}, {first}, {count}); o += {count} * {node.unit}")
        return self.lost()

    def array(self, node: Array, x: str, m: str) -> None:
        """Read the variance and the elements."""
        of, size, long = node.of, word(self.wide), "Q" if self.wide else "I"
        count = m if node.fixed is None else str(node.fixed)
        if node.fixed is not None and node.as_bytes:
            return self.fuse(f"{node.fixed}s", x, 1)
        if node.fixed is not None and node.fixed <= FEW and isinstance(of, Scalar) and not of.limited:
            return self.few(of, x, node.fixed)
        if node.varying:
            first, actual = self.fresh("z"), self.fresh("c")
            self.fuse(long, first, size)
            self.fuse(long, actual, size)
            self.flush()
            self.add(f"variance({count}, {first}, {actual})")
            count = actual
        self.flush()
        if node.as_bytes:
            self.add(f"if {count} > len(b) - o: short({count})")
            self.add(f"{x} = b[o:o + {count}]")
            self.add(f"o += {count}")
        elif isinstance(of, Scalar):
            self.numbers(of, x, count)
        else:
            self.each(of, x, count)
        self.lost()
        return None

    def few(self, of: Scalar, x: str, count: int) -> None:
        """Read a small fixed array as part of the group."""
        names = [f"{x}_{i}" for i in range(count)]
        for name in names:
            self.fuse(code(of, self.wide), name, align(of, self.wide))
        self.after.append((self.name, f"{x} = {', '.join(names)},"))

    def numbers(self, of: Scalar, x: str, count: str) -> None:
        """Read numbers in one go."""
        letter = code(of, self.wide)
        step = struct.calcsize("<" + letter)
        self.add(f"if {count} > (len(b) - o) // {step}: short({count})")
        if step > 1:
            self.add(f"if {count}: o += -o & {step - 1}")
        self.add(f"{x} = unpack(f'{self.order.value}{{{count}}}{letter}', b, o)")
        self.add(f"o += {count} * {step}")
        if of.low is not None or of.high is not None:
            self.add(f"for i in {x}: within(i, {of.low}, {of.high})")
        if of.enum is not None:
            self.add(f"{x} = tuple(map({self.python(of.enum)}, {x}))")

    def each(self, of: Node, x: str, count: str) -> None:
        """Read constructed elements one by one, after a look at what so many would need at least."""
        i, e = self.fresh("i"), self.fresh("e")
        need = max(least(of, self.wide), 1)
        self.add(f"if {count} > (len(b) - o) // {need}: short({count})")
        self.add(f"R.take({count})")
        self.add(f"{x} = []")
        self.add(f"for {i} in range({count}):")
        self.indent += 1
        self.indices.append(i)
        self.lost()
        self.value(of, e, self.fresh("m"))
        self.flush()
        self.add(f"{x}.append({e})")
        self.indices.pop()
        self.indent -= 1
        if not deferred(of):
            self.add(f"{x} = tuple({x})")

    def union(self, node: Union, x: str, m: str) -> None:
        """Read the tag, which must be what the switch says, and the arm."""
        t, whole = self.fresh("t"), align(node, self.wide)
        if self.wide:
            self.align(whole)
        self.fuse(code(node.tag, self.wide), t, align(node.tag, self.wide))
        self.align(whole if self.wide else arms_align(node))
        self.flush()
        mask = "" if node.mask is None else f" & {node.mask}"
        self.add(f"if {t} != v_{node.switch}{mask}: no_arm({t})")
        state = self.known, self.offset
        self.branches(node, t, lambda arm: self.arm(arm, x, m, state), f"{x} = None")
        self.lost()

    def arm(self, arm: Node, x: str, m: str, state: tuple[int, int]) -> None:
        """Read one arm in place."""
        self.known, self.offset = state
        self.value(arm, x, m)
        self.flush()

    # ------------------------------------------------------------ referents

    def referents(self, node: Node, x: str, place: str, m: str, stem: str) -> None:
        """Replace what `x` holds by what its pointers lead to, in `place`."""
        match node:
            case Pointer():
                self.pointer(node, x, place, m, stem)
            case StructOf():
                self.add(f"o = f_{self.ref(node.cls)}(b, o, R, {x})")
            case Array():
                i, e = self.fresh("i"), self.fresh("e")
                self.add(f"for {i}, {e} in enumerate({x}):")
                self.indent += 1
                self.indices.append(i)
                self.referents(node.of, e, f"{x}[{i}]", self.fresh("m"), stem)
                self.indices.pop()
                self.indent -= 1
                self.add(f"{place} = tuple({x})")
            case Union():
                t = self.fresh("t")
                self.add(f"{t} = {stem}{node.switch}" + ("" if node.mask is None else f" & {node.mask}"))
                follow = lambda arm: self.referents(arm, x, place, m, stem) if deferred(arm) else None  # noqa: E731
                self.branches(node, t, follow, "pass")
        self.lost()

    def pointer(self, node: Pointer, x: str, place: str, m: str, stem: str) -> None:
        """Follow a pointer; a full pointer that was followed before leads to the same value."""
        r, t = self.fresh("r"), self.fresh("x")
        self.add(f"{r} = {x}")
        if node.kind is Kind.REF:
            self.add(f"if not {r}: null()")
            self.add("if True:")
        elif node.kind is Kind.PTR:
            key = f"({r}, {repr(node.to)!r})"
            self.add(f"if {key} in R: {place} = R[{key}]")
            self.add(f"elif {r}:")
        else:
            self.add(f"if {r}:")
        self.indent += 1
        self.lost()
        self.whole(node.to, t, m, stem)
        self.flush()
        if node.kind is Kind.PTR:
            self.add(f"R[{key}] = {t}")
        self.add(f"{place} = {t}")
        self.indent -= 1
        if node.kind is not Kind.REF:
            self.add(f"else: {place} = None")
        self.lost()
