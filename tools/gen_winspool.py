"""Take the facts out of [MS-RPRN] and [MS-PAR]: methods by number, parameters, members, and their types, of the IDL;
members of custom-marshalled structures and their sizes, of the figures; levels of calls, of their tables.

gen_winspool.py MS-RPRN.md MS-PAR.md > tests/data/winspool_idl.toml

What comes out are facts in a form of our own; nothing of the specifications' text is kept. A type is what a pointer is
of, from the outside to the inside: `unique u8[cbBuf]` is a [unique] pointer to octets of which cbBuf tells the count,
`str16` a [string] of UTF-16, `u32{0..512}` a number with a [range], `union Level 1=unique DOC_INFO_1` a union with its
switch and its arms.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

_METHOD = re.compile(
    r"^\s*(?:DWORD|HRESULT|void|unsigned long)\s+(\w+)\s*\((.*?)\)\s*;", re.DOTALL | re.MULTILINE
)
_STRUCT = re.compile(r"typedef\s+struct\s+\w*\s*\{((?:[^{}]|\{[^{}]*\})*)\}\s*(\w+)\s*;", re.DOTALL)
_SWITCH = r"\s*\[(?:[^\]]*,\s*)?switch_is\(([^()]*(?:\([^()]*\))?[^()]*)\)[^\]]*\]\s*"
_UNION = re.compile(_SWITCH + r"union\s*\{(.*)\}\s*(\w+)\s*$", re.DOTALL)
_ARM = re.compile(r"((?:\[case\s*\([^()]*\)\]\s*)+)([^;]*);")
_NAMED = re.compile(
    r"typedef\s+\[switch_type\s*\(\w+\)\]\s*union\s+\w+\s*\{([^{}]*)\}\s*(\w+)\s*;", re.DOTALL
)
_SECTION = r"\n(.*?)(?=^#+ [\d.]+ )"
_INFO = re.compile(r"^#+ 2\.2\.2[\d.]* _(\w+_(?:INFO|FILE)_\w+)" + _SECTION, re.DOTALL | re.MULTILINE)
_FIGURE = re.compile(r"```mermaid\npacket-beta\n(.*?)```", re.DOTALL)
_CALL = re.compile(r"^#+ [\d.]+ (Rpc\w+) \(Opnum \d+\)" + _SECTION, re.DOTALL | re.MULTILINE)
_LEVEL = r"^\| (0x[0-9A-Fa-f]{8}) \| (?:Corresponds to )?\[?_?\w*_INFO_"
_FIXED = re.compile(r"\[\w*\]\s*$")
SCALARS = {
    **dict.fromkeys(("BYTE", "byte", "unsigned char"), "u8"),
    **dict.fromkeys(("WORD", "unsigned short", "wchar_t", "WCHAR", "LANGID"), "u16"),
    **dict.fromkeys(("DWORD", "ULONG", "unsigned long", "unsigned int", "BOOL"), "u32"),
    **dict.fromkeys(("DWORDLONG", "ULONGLONG", "unsigned __int64"), "u64"),
    **dict.fromkeys(("SHORT", "short"), "i16"),
    **dict.fromkeys(("LONG", "long", "int", "HRESULT"), "i32"),
    **dict.fromkeys(("LONGLONG", "__int64", "hyper"), "i64"),
    **dict.fromkeys(("PRINTER_HANDLE", "GDI_HANDLE", "RMTNTFY_HANDLE"), "handle"),
    **{"char": "i8", "float": "f32", "ULONG_PTR": "uptr", "LONG_PTR": "iptr", "GUID": "guid", "UUID": "guid"},
}
"""The specifications' names of numbers, and what they are."""
_ATTRIBUTES = re.compile(r"\[([^\[\]]*)\]")


def idl(text: str) -> str:
    """The interface of the appendix with the full IDL."""
    found = re.search(r"^interface \w+ \{.*?^\}$", text, re.DOTALL | re.MULTILINE)
    if found is None:
        sys.exit("there is no interface in it")
    body = re.sub(r"//.*", "", found[0]).replace("LPDWORD ", "DWORD* ")
    for arms, name in _NAMED.findall(body):
        body = re.sub(rf"\b{name}\b(?=\s+\w)", lambda _, arms=arms: f"union {{{arms}}}", body)
    return body


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


def kind_of(attributes: str, otherwise: str) -> str:
    """The kind of the outermost pointer."""
    return next(
        (kind for kind in ("unique", "ptr", "ref") if re.search(rf"\b{kind}\b", attributes)), otherwise
    )


def shape(text: str, otherwise: str) -> tuple[str, str]:
    """A declaration's name and type; `otherwise` is the kind of a pointer that does not say."""
    attributes = " ".join(_ATTRIBUTES.findall(_FIXED.sub("", text)))
    plain = re.sub(r"\[[^\[\]]*[a-z(][^\[\]]*\]|\bconst\b|\bstruct\b", " ", text).strip()
    found = re.search(r"^([\w\s]+?)\s*(\**)\s*(\w+)\s*((?:\[\w*\])*)$", plain, re.DOTALL)
    if found is None:
        sys.exit(f"no declaration: {text!r}")
    of, stars, name, fixed = " ".join(found[1].split()), len(found[2]), found[3], found[4]
    if of == "STRING_HANDLE":
        of, stars = "wchar_t", stars + 1
    made = SCALARS.get(of, of)
    if re.search(r"\bstring\b", attributes):
        made = {"u16": "str16", "i8": "str8"}.get(made, made)
    if bounds := re.search(r"range\(\s*(\w+)\s*,\s*(\w+)\s*\)", attributes):
        made += f"{{{bounds[1]}..{bounds[2]}}}"
    sizes = re.search(r"size_is\(([^()]*(?:\([^()]*\))?[^()]*)\)", attributes)
    counts = [one.strip(" *()") for one in sizes[1].split(",")] if sizes else []
    for level in range(stars - 1, -1, -1):
        if level < len(counts) and counts[level]:
            made += f"[{counts[level]}]".replace(" ", "")
        made = f"{kind_of(attributes, otherwise) if level == 0 else 'unique'} {made}"
    if (fixed and "[]" in fixed) or (fixed and counts):
        made += f"[{counts[0] if counts else ''}]"
    elif fixed:
        made += fixed
    return name, made


def declared(text: str, otherwise: str) -> tuple[str, str]:
    """The same of what may be a union."""
    union = _UNION.match(text)
    if union is None:
        return shape(text, otherwise)
    arms = []
    for cases, arm in _ARM.findall(union[2]):
        values = ",".join(re.findall(r"case\s*\(([^()]*)\)", cases)).replace(" ", "")
        arms.append(f"{values}={shape(arm, 'unique')[1]}")
    return union[3], f"union {union[1].strip()} {'; '.join(arms)}"


def parameter(text: str) -> str | None:
    """`name in out: type`: the name of a parameter, its directions and its type; [ref] goes without saying."""
    if "handle_t" in text or text.strip() in ("", "void"):
        return None
    attributes = " ".join(_ATTRIBUTES.findall(text))
    name, made = declared(text, "ref")
    ways = [way for way in ("in", "out") if re.search(rf"\b{way}\b", attributes)]
    return f"{' '.join([name, *ways])}: {made.removeprefix('ref ')}"


def methods(body: str) -> list[tuple[str, list[str]]]:
    """Methods in the order of their numbers."""
    found = []
    for name, parameters in _METHOD.findall(body):
        told = [one for one in map(parameter, split(parameters)) if one]
        found.append((name, told))
    return found


def structures(body: str) -> dict[str, list[str]]:
    """Members of structures."""
    found = {}
    for members, name in _STRUCT.findall(body):
        lines = [line for line in re.findall(r"(?:[^;{}]|\{[^{}]*\})+", members) if line.strip()]
        found[name] = [": ".join(declared(line.strip(), "unique")) for line in lines]
    return found


def infos(text: str) -> dict[str, list[str]]:
    """Members of custom-marshalled structures with their octets, as the figure of the fixed portion has them."""
    found = {}
    for name, section in _INFO.findall(text):
        figure = next(one for one in _FIGURE.findall(section) if "Fixed_Portion" not in one)
        sizes: dict[str, int] = {}
        for first, last, member in re.findall(r'(\d+)-(\d+): "([^"]*)"', figure):
            whole = member.partition(".")[0]
            sizes[whole] = sizes.get(whole, 0) + (int(last) + 1 - int(first)) // 8
        found[name] = [f"{member}: {size}" for member, size in sizes.items()]
    return found


def levels(text: str) -> dict[str, list[int]]:
    """The levels of each call that has a table of them."""
    tables = {name: re.findall(_LEVEL, section, re.MULTILINE) for name, section in _CALL.findall(text)}
    return {name: [int(one, 0) for one in table] for name, table in tables.items() if table}


def main() -> None:
    """Print the facts as TOML."""
    for name, path in zip(("MS-RPRN", "MS-PAR"), sys.argv[1:], strict=True):
        text = Path(path).read_text()
        body = idl(text)
        print(f'["{name}".methods]')
        for opnum, (method, parameters) in enumerate(methods(body)):
            print(f'{opnum} = ["{method}"{"".join(f", {chr(34)}{one}{chr(34)}" for one in parameters)}]')
        print(f'\n["{name}".structures]')
        for struct, members in sorted(structures(body).items()):
            print(f"{struct} = {members!r}".replace("'", '"'))
        for title, table in (("infos", infos(text)), ("levels", levels(text))):
            for number, (one, told) in enumerate(sorted(table.items())):
                print(
                    "" if number else f'\n["{name}".{title}]\n', f"{one} = {told!r}".replace("'", '"'), sep=""
                )
        print()


if __name__ == "__main__":
    main()
