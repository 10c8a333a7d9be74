"""Take the facts out of the IDL of [MS-RPRN] and [MS-PAR]: numbers, names of methods, parameters and members.

gen_winspool.py MS-RPRN.md MS-PAR.md > tests/data/winspool_idl.toml

What comes out are facts in a form of our own; nothing of the specifications' text is kept.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

_METHOD = re.compile(
    r"^\s*(?:DWORD|HRESULT|void|unsigned long)\s+(\w+)\s*\((.*?)\)\s*;", re.DOTALL | re.MULTILINE
)
_STRUCT = re.compile(r"typedef\s+struct\s+_?(\w*)\s*\{([^{}]*)\}\s*(\w+)\s*;", re.DOTALL)
_ATTRIBUTES = re.compile(r"\[([^\[\]]*)\]")


def idl(text: str) -> str:
    """The interface of the appendix with the full IDL."""
    found = re.search(r"^interface \w+ \{.*?^\}$", text, re.DOTALL | re.MULTILINE)
    if found is None:
        sys.exit("there is no interface in it")
    return re.sub(r"//.*", "", found[0])


def split(parameters: str) -> list[str]:
    """Parameters at the commas between them."""
    parts, depth, part = [], 0, ""
    for character in parameters:
        depth += character in "[("
        depth -= character in "])"
        if character == "," and not depth:
            parts.append(part)
            part = ""
        else:
            part += character
    return [*parts, part]


def parameter(text: str) -> str | None:
    """`name in out`: the name of a parameter and its directions."""
    attributes = " ".join(_ATTRIBUTES.findall(text))
    name = re.search(r"(\w+)\s*(?:\[\w*\])?\s*$", text.strip())
    if name is None or "handle_t" in text:
        return None
    ways = [way for way in ("in", "out") if re.search(rf"\b{way}\b", attributes)]
    return " ".join([name[1], *ways])


def methods(body: str) -> list[tuple[str, list[str]]]:
    """Methods in the order of their numbers."""
    found = []
    for name, parameters in _METHOD.findall(body):
        told = [one for one in map(parameter, split(parameters)) if one]
        found.append((name, told))
    return found


def structures(body: str) -> dict[str, list[str]]:
    """Members of structures without unions in them."""
    found = {}
    for _, members, name in _STRUCT.findall(body):
        lines = [line for line in members.split(";") if line.strip()]
        names = [re.search(r"(\w+)\s*(?:\[\w*\])*\s*$", line.strip()) for line in lines]
        found[name] = [one[1] for one in names if one]
    return found


def main() -> None:
    """Print the facts as TOML."""
    for name, path in zip(("MS-RPRN", "MS-PAR"), sys.argv[1:], strict=True):
        body = idl(Path(path).read_text())
        print(f'["{name}".methods]')
        for opnum, (method, parameters) in enumerate(methods(body)):
            print(f'{opnum} = ["{method}"{"".join(f", {chr(34)}{one}{chr(34)}" for one in parameters)}]')
        print(f'\n["{name}".structures]')
        for struct, members in sorted(structures(body).items()):
            print(f"{struct} = {members!r}".replace("'", '"'))
        print()


if __name__ == "__main__":
    main()
