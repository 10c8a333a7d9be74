"""The process that looks into documents, so that none of them can hurt the server.

A line of JSON in, `{"path": ..., "format": ...}`; a line out: `{"pages": n}`, `{"damaged": sentence}` or
`{"gone": true}`. It has little memory, little time and no network, and ends when its input ends.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from contextlib import suppress

from pagebell.converters.counting import COUNTS, Damaged

_NEW_NETWORK = 0x40000000
"""CLONE_NEWNET (Linux): a network of its own, in which there is nothing."""


def main(memory: int, seconds: int) -> None:
    """Answer until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    _confine(memory)
    for line in sys.stdin.buffer:
        _grant(seconds)
        answers.write(json.dumps(_answer(json.loads(line))) + "\n")
        answers.flush()


def _answer(request: dict[str, str]) -> dict[str, object]:
    try:
        descriptor = os.open(request["path"], os.O_RDONLY | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            return {"pages": COUNTS[request["format"]](file)}
    except Damaged as damaged:
        return {"damaged": str(damaged)}
    except FileNotFoundError:
        return {"gone": True}
    except MemoryError:
        return {"damaged": "The document needs more memory than is allowed to look into it."}


def _confine(memory: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the server, which ends this one
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).unshare(_NEW_NETWORK)  # only root may; nothing here connects anyway


def _grant(seconds: int) -> None:
    """Allow so much processor time from now on: beyond it the kernel ends the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
