"""The process that rewrites a PDF, so that none can hurt the server: little memory and time, no network.

A JSON object in, one out. In, besides "source" and "target":

    "ranges": [[first, last], ...] or null, "up": pages a side, "copies": n, "collated": bool, "leave_out": pages,
    "device": the sides that it prints on, "says_sides": whether the PDF shall say so itself,
    "wish": {"sides": keyword, "size": [width, height] or null, "turn": degrees},
    "overrides": [{"pages": [[first, last], ...], and what differs from "wish"}, ...]

Out: `{"pages": n, "left_out": n}`, `{"damaged": sentence}` or `{"full": true}`.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pikepdf

from pagebell.converters.imposition import Side, Wish, copied, shared, sheets

_NEW_NETWORK = 0x40000000
"""CLONE_NEWNET (Linux): a network of its own, in which there is nothing."""
_LARGEST = 1 << 32
"""Octets that a result may have."""
MOST_PAGES = 200_000
"""Pages that a result may have, copies included."""
_DUPLEX = {
    "two-sided-long-edge": pikepdf.Name.DuplexFlipLongEdge,
    "two-sided-short-edge": pikepdf.Name.DuplexFlipShortEdge,
}
"""ISO 32000-1 table 150."""


class _TooMany(Exception):
    """More pages than a result may have."""


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
        with pikepdf.open(request["source"]) as document:
            left_out = rewrite(document, request)
            document.save(request["target"])
            return {"pages": len(document.pages), "left_out": left_out}
    except pikepdf.PasswordError:
        return {"damaged": "The PDF is encrypted: its pages can't be chosen without its password."}
    except pikepdf.PdfError as error:
        return {"damaged": f"The PDF can't be read: {str(error).splitlines()[0]}"}
    except _TooMany:
        return {"damaged": f"It would have more than {MOST_PAGES} pages."}
    except MemoryError:
        return {"damaged": "The document needs more memory than is allowed to prepare it."}
    except OSError:
        return {"full": True}


def rewrite(document: pikepdf.Pdf, request: dict[str, Any]) -> int:
    """Put the pages together as requested; returns how many were left out at the beginning."""
    pages = list(document.pages)
    extent = _size(pages[0]) if pages else (595.0, 842.0)
    numbers = chosen(len(pages), request["ranges"])
    if len(numbers) * request["copies"] > MOST_PAGES:
        raise _TooMany
    whole = sheets(shared([_wish(number, request) for number in numbers], request["up"]), request["device"])
    sides = list(copied(whole, request["copies"], collated=request["collated"]))
    wanted = sides[request["leave_out"] :]
    made = {
        side: _made(document, [pages[numbers[index] - 1] for index in side.pages], side, extent)
        for side in dict.fromkeys(wanted)
    }
    del document.pages[:]
    for side in wanted:
        document.pages.append(made[side])
    if request["says_sides"]:
        duplex = _DUPLEX.get(request["device"], pikepdf.Name.Simplex)
        document.Root.ViewerPreferences = pikepdf.Dictionary(Duplex=duplex)
    return len(sides) - len(wanted)


def chosen(pages: int, ranges: list[list[int]] | None) -> list[int]:
    """The pages that are in one of the ranges (RFC 8011 5.2.7); they count from 1."""
    numbers = range(1, pages + 1)
    if ranges is None:
        return list(numbers)
    return [number for number in numbers if any(first <= number <= last for first, last in ranges)]


def _wish(number: int, request: dict[str, Any]) -> Wish:
    """How a page is to be printed: as the first override has it that is for it, else as the job has it."""
    found = dict(request["wish"])
    for override in request["overrides"]:
        if any(first <= number <= last for first, last in override["pages"]):
            found |= {name: value for name, value in override.items() if name != "pages"}
            break
    size = found["size"]
    return Wish(found["sides"], None if size is None else (size[0], size[1]), found["turn"])


def _made(
    document: pikepdf.Pdf, pages: Sequence[pikepdf.Page], side: Side, extent: tuple[float, float]
) -> pikepdf.Page:
    """A page of the result; `extent` is how large it is if it stays blank."""
    if not pages:
        document.add_blank_page(page_size=side.wish.size or extent)
        page = document.pages[-1]
    elif len(pages) == 1 and not side.shared and side.wish.size is None:
        page = pages[0]
    else:
        page = place(document, pages, side)
    turn = (side.wish.turn + (180 if side.upside_down else 0)) % 360
    if turn:
        page.rotate(turn, relative=True)
    return page


def _size(page: pikepdf.Page) -> tuple[float, float]:
    box = page.trimbox
    width, height = float(box[2]) - float(box[0]), float(box[3]) - float(box[1])
    turned = int(page.obj.get("/Rotate", 0)) % 180 == 90
    return (height, width) if turned else (width, height)


def place(document: pikepdf.Pdf, pages: Sequence[pikepdf.Page], side: Side) -> pikepdf.Page:
    """Put the pages on one side: 2 beside one another on a turned page, 4 in two rows (RFC 8011 5.2.9).

    Each keeps its proportions and is in the middle of its place.
    """
    own = _size(pages[0])
    width, height = side.wish.size or own
    if side.shared == 2 or (not side.shared and own[0] > own[1]):
        width, height = max(width, height), min(width, height)
    document.add_blank_page(page_size=(width, height))
    sheet = document.pages[-1]
    columns, rows = _GRID[side.shared]
    for index, page in enumerate(pages):
        left, top = index % columns * width / columns, height - index // columns * height / rows
        cell = pikepdf.Rectangle(left, top - height / rows, left + width / columns, top)
        sheet.add_overlay(page, cell)
    return sheet


_GRID = {0: (1, 1), 2: (2, 1), 4: (2, 2)}
"""Columns and rows by how many pages share a side."""

if __name__ == "__main__":
    os.umask(0o077)
    main(int(sys.argv[1]), int(sys.argv[2]))
