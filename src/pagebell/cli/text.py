"""What others have written, as it may be shown to people."""

from __future__ import annotations


def readable(name: str) -> str:
    """A file's name or an argument, with its octets that are no UTF-8 written as in \\xfc."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


def plain_text(text: str) -> str:
    """Text from a server on one line, without control characters, as a sentence."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:300]
    return line if not line or line[-1] in ".!?…" else f"{line}."
