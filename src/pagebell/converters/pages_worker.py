"""The process that rewrites a PDF, so that none can hurt the server: little memory and time, no network.

A JSON object in, `{"source", "target", "ranges": [[first, last], ...] or null, "up": n, "sides": word or null}`;
one out: `{"pages": n}`, `{"damaged": sentence}` or `{"full": true}`.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from contextlib import suppress
from typing import Any

import pikepdf

_NEW_NETWORK = 0x40000000
"""CLONE_NEWNET (Linux): a network of its own, in which there is nothing."""
_LARGEST = 1 << 32
"""Octets that a result may have."""


def main(memory: int, seconds: int) -> None:
    """Answer the one request."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the server, which ends this one
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST, _LARGEST))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).unshare(_NEW_NETWORK)  # only root may; nothing here connects anyway
    json.dump(_answer(json.load(sys.stdin)), sys.stdout)


def _answer(request: dict[str, Any]) -> dict[str, object]:
    try:
        with pikepdf.open(request["source"]) as source:
            if request["ranges"]:
                keep(source, request["ranges"])
            if request["up"] == 1:
                return _saved(source, request)
            with several(source, request["up"]) as sheets:
                return _saved(sheets, request)
    except pikepdf.PasswordError:
        return {"damaged": "The PDF is encrypted: its pages can't be chosen without its password."}
    except pikepdf.PdfError as error:
        return {"damaged": f"The PDF can't be read: {str(error).splitlines()[0]}"}
    except MemoryError:
        return {"damaged": "The document needs more memory than is allowed to prepare it."}
    except OSError:
        return {"full": True}


def _saved(document: pikepdf.Pdf, request: dict[str, Any]) -> dict[str, object]:
    if request.get("sides"):
        choose(document, request["sides"])
    document.save(request["target"])
    return {"pages": len(document.pages)}


def choose(document: pikepdf.Pdf, sides: str) -> None:
    """Leave the fronts or the backs of the sheets; a last sheet without a back gets a blank one."""
    count = len(document.pages)
    if sides == "fronts":
        for index in reversed(range(1, count, 2)):
            del document.pages[index]
        return
    if count % 2:
        box = document.pages[-1].trimbox
        document.add_blank_page(page_size=(float(box[2]) - float(box[0]), float(box[3]) - float(box[1])))
        count += 1
    for index in reversed(range(0, count, 2)):
        del document.pages[index]
    if sides == "backs-reversed":
        document.pages.reverse()


def keep(document: pikepdf.Pdf, ranges: list[list[int]]) -> None:
    """Remove the pages that are in none of the ranges (RFC 8011 5.2.7); pages count from 1."""
    for index in reversed(range(len(document.pages))):
        if not any(first <= index + 1 <= last for first, last in ranges):
            del document.pages[index]


def several(source: pikepdf.Pdf, up: int) -> pikepdf.Pdf:
    """Put so many pages on each side: 2 beside one another on a turned page, 4 in two rows (RFC 8011 5.2.9)."""
    sheets = pikepdf.new()
    columns, rows = (2, 1) if up == 2 else (2, 2)
    for start in range(0, len(source.pages), up):
        box = source.pages[start].trimbox
        width, height = float(box[2]) - float(box[0]), float(box[3]) - float(box[1])
        if columns != rows:
            width, height = max(width, height), min(width, height)
        sheets.add_blank_page(page_size=(width, height))
        sheet = sheets.pages[-1]
        for index, page in enumerate(source.pages[start : start + up]):
            left, top = index % columns * width / columns, height - index // columns * height / rows
            cell = pikepdf.Rectangle(left, top - height / rows, left + width / columns, top)
            sheet.add_overlay(page, cell)
    return sheets


if __name__ == "__main__":
    os.umask(0o077)
    main(int(sys.argv[1]), int(sys.argv[2]))
