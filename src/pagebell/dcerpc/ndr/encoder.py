"""Writes the Python source that encodes a structure.

Three functions a structure: `c_` writes the conformance that goes in front, `e_` the octets in place, `r_`
the referents. In them `w` is the bytearray, `v` the value, `n` the source of referent identifiers.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from pagebell.dcerpc.ndr.declaration import Field, Struct, fields_of
from pagebell.dcerpc.ndr.layout import Source, align, arms_align, code, conformant, deferred, word
from pagebell.dcerpc.ndr.types import Array, Kind, Node, Opaque, Pointer, Scalar, StructOf, Text, Union


@dataclass(slots=True)
class Encoder(Source):
    """One structure's encoding functions."""

    wide: bool = False

    def emit_group(self) -> None:
        """Append the group's pack."""
        name = self.constant(f"P_{self.format}", struct.Struct("<" + self.format).pack)
        self.add(f"w += {name}({', '.join(self.parts)})")

    def emit_alignment(self, alignment: int) -> None:
        """Append zero octets."""
        self.add(f"w += GAPS[-len(w) & {alignment - 1}]")

    # ------------------------------------------------------------ functions

    def structure(self, cls: type[Struct]) -> None:
        """Write the functions of a structure."""
        suffix, fields = self.ref(cls), fields_of(cls)
        whole = StructOf(cls)
        if conformant(whole):
            self.begin(f"c_{suffix}")
            self.name = fields[-1].name
            self.conformance(fields[-1].node, f"v.{fields[-1].name}")
            self.end()
        self.begin(f"e_{suffix}")
        self.known = align(whole, self.wide)
        for f in fields:
            self.name = f.name
            self.value(f.node, f"v.{f.name}")
        self.name = ""
        if self.wide:
            self.tail(align(whole, self.wide))
        self.checks(fields)
        self.end()
        if deferred(whole):
            self.begin(f"r_{suffix}")
            for f in fields:
                if deferred(f.node):
                    self.name = f.name
                    self.referents(f.node, f"v.{f.name}")
            self.end()

    def parameters(self, cls: type[Struct]) -> None:
        """Write the one function of a list of parameters; each one's referents follow it (C706 14.2)."""
        fields = fields_of(cls)
        self.begin(f"p_{self.ref(cls)}")
        self.known = 8
        for f in fields:
            self.name = f.name
            node = f.node.to if isinstance(f.node, Pointer) and f.node.kind is Kind.REF else f.node
            self.whole(node, f"v.{f.name}")
        self.checks(fields)
        self.end()

    def begin(self, name: str) -> None:
        """Open a function."""
        self.add(f"def {name}(w, v, n):")
        self.indent = 1
        self.lost()

    def end(self) -> None:
        """Close it."""
        self.flush()
        self.name = ""
        self.add("return w")
        self.indent = 0

    def tail(self, alignment: int) -> None:
        """NDR64 fills a structure up to its alignment ([MS-RPCE] 2.2.5.3.4.1)."""
        if alignment <= self.known:
            if gap := -self.offset % alignment:
                self.format += f"{gap}x"
                self.offset += gap
        else:
            self.align(alignment)

    def checks(self, fields: tuple[Field, ...]) -> None:
        """Refuse a value whose counts contradict its arrays."""
        self.flush()
        for f in fields:
            node = f.node.to if isinstance(f.node, Pointer) else f.node
            if not isinstance(node, Array):
                continue
            for name, op in ((node.size_is, ">" if node.varying else "!="), (node.length_is, "!=")):
                if name:
                    self.name = name
                    self.add(
                        f"if v.{f.name} is not None and len(v.{f.name}) {op} v.{name}: miscounted(v.{name})"
                    )

    # ------------------------------------------------------------ nodes

    def whole(self, node: Node, x: str) -> None:
        """Write a parameter or the referent of a pointer: conformance, octets, referents."""
        if isinstance(node, Text) and node.conformant:
            return self.text(node, x, with_size=True)
        if conformant(node):
            self.conformance(node, x)
        self.value(node, x)
        if deferred(node):
            self.flush()
            self.referents(node, x)
        return None

    def conformance(self, node: Node, x: str) -> None:
        """Write the count that goes in front."""
        size = word(self.wide)
        if isinstance(node, StructOf):
            self.flush()
            self.add(f"c_{self.ref(node.cls)}(w, {x}, n)")
            self.known, self.offset = size, 0
            return
        if isinstance(node, Text):
            count = f"len({self.octets(node)}({x})) // {node.unit}"
        else:
            count = f"v.{node.size_is}" if isinstance(node, Array) and node.size_is else f"len({x})"
        self.fuse("Q" if self.wide else "I", count, size)

    def value(self, node: Node, x: str) -> None:
        """Write a node in place."""
        match node:
            case Scalar():
                self.scalar(node, x)
            case Opaque():
                self.fuse(f"{node.size}s", f"{x}.bytes_le" if node.size == 16 else f"bytes({x})", 4)
            case Pointer():
                given = "next(n)" if node.kind is Kind.REF else f"0 if {x} is None else next(n)"
                self.fuse("Q" if self.wide else "I", given, word(self.wide))
            case Text():
                self.text(node, x, with_size=False)
            case Array():
                self.array(node, x)
            case Union():
                self.union(node, x)
            case StructOf():
                self.align(align(node, self.wide))
                self.flush()
                self.add(f"e_{self.ref(node.cls)}(w, {x}, n)")
                self.lost()

    def scalar(self, node: Scalar, x: str) -> None:
        """Add a number to the group, behind the check of its range."""
        if node.low is not None or node.high is not None:
            x = f"within({x}, {node.low}, {node.high})"
        self.fuse(code(node, self.wide), x, align(node, self.wide))

    def text(self, node: Text, x: str, *, with_size: bool) -> None:
        """Write characters with their counts."""
        t, size = self.fresh("t"), word(self.wide)
        self.flush()
        self.add(f"{t} = {self.octets(node)}({x}{f', {node.most}' if node.most else ''})")
        units = f"len({t})" if node.unit == 1 else f"len({t}) >> 1"
        long = "Q" if self.wide else "I"
        if with_size:
            self.fuse(long, units, size)
        if node.varying:
            self.fuse(long, "0", size)
            self.fuse(long, units, size)
        self.align(node.unit)
        self.flush()
        self.add(f"w += {t}")
        self.lost()

    def octets(self, node: Text) -> str:
        """Return the conversion of characters: an array may hold several strings, a [string] is one."""
        return f"text{node.unit}" if node.varying else f"chars{node.unit}_out"

    def array(self, node: Array, x: str) -> None:
        """Write the variance and the elements."""
        of, size, long = node.of, word(self.wide), "Q" if self.wide else "I"
        if node.varying:
            self.fuse(long, "0", size)
            self.fuse(long, f"len({x})", size)
        if node.fixed is not None and node.as_bytes:
            return self.fuse(f"{node.fixed}s", f"exactly({x}, {node.fixed})", 1)
        if node.fixed is not None and isinstance(of, Scalar):
            return self.fuse(f"{node.fixed}{code(of, self.wide)}", f"*{x}", align(of, self.wide))
        self.flush()
        if node.as_bytes:
            self.add(f"w += {x}")
        elif isinstance(of, Scalar):
            letter = code(of, self.wide)
            if (step := struct.calcsize("<" + letter)) > 1:
                self.add(f"if {x}: w += GAPS[-len(w) & {step - 1}]")
            self.add(f"w += pack(f'<{{len({x})}}{letter}', *{x})")
        else:
            self.each(node, x)
        self.lost()
        return None

    def each(self, node: Array, x: str) -> None:
        """Write constructed elements one by one."""
        i, e = self.fresh("i"), self.fresh("e")
        if node.fixed is not None:
            self.add(f"exactly({x}, {node.fixed})")
        self.add(f"for {i}, {e} in enumerate({x}):")
        self.indent += 1
        self.indices.append(i)
        self.lost()
        self.value(node.of, e)
        self.flush()
        self.indices.pop()
        self.indent -= 1

    def union(self, node: Union, x: str) -> None:
        """Write the tag and the arm; NDR64 aligns both to the union as a whole, NDR the arm to the largest of all."""
        whole = align(node, self.wide)
        if self.wide:
            self.align(whole)
        t = self.tag(node)
        self.scalar(node.tag, t)
        self.align(whole if self.wide else arms_align(node))
        self.flush()
        state = self.known, self.offset
        self.branches(node, t, lambda arm: self.arm(arm, x, state))
        self.lost()

    def arm(self, arm: Node, x: str, state: tuple[int, int]) -> None:
        """Write one arm in place."""
        self.known, self.offset = state
        self.value(arm, x)
        self.flush()

    def tag(self, node: Union) -> str:
        """Write what computes a union's tag, and return the variable that holds it."""
        t = self.fresh("t")
        self.flush()
        self.add(f"{t} = v.{node.switch}" + ("" if node.mask is None else f" & {node.mask}"))
        return t

    def referents(self, node: Node, x: str) -> None:
        """Write what the pointers in a node lead to."""
        match node:
            case Pointer():
                t = self.fresh("x")
                self.add(f"{t} = {x}")
                if node.kind is not Kind.REF:
                    self.add(f"if {t} is not None:")
                    self.indent += 1
                self.lost()
                self.whole(node.to, t)
                self.flush()
                if node.kind is not Kind.REF:
                    self.indent -= 1
                self.lost()
            case StructOf():
                self.add(f"r_{self.ref(node.cls)}(w, {x}, n)")
            case Array():
                i, e = self.fresh("i"), self.fresh("e")
                self.add(f"for {i}, {e} in enumerate({x}):")
                self.indent += 1
                self.indices.append(i)
                self.referents(node.of, e)
                self.indices.pop()
                self.indent -= 1
            case Union():
                self.branches(
                    node, self.tag(node), lambda arm: self.referents(arm, x) if deferred(arm) else None
                )
        self.lost()
