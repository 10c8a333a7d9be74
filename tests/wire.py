"""Another computer, as far as networks go: a namespace at the other end of a wire."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tests.peers import absent


@dataclass(frozen=True)
class Wire:
    """A wire from here to a namespace."""

    ours: str
    """Our address."""
    its: str
    """The namespace's."""
    device: str
    """Our end."""
    inside: tuple[str, ...]
    """What to put before a command to run it there."""


def _run(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)


@contextmanager
def wire() -> Iterator[Wire]:
    """Make both; the test is not run where that is not allowed."""
    number = os.getpid()
    name, near, far = f"pb{number}", f"pbn{number}"[:15], f"pbf{number}"[:15]
    ours, its = (f"10.231.{number % 256}.{end}" for end in (1, 2))
    steps = [
        ("ip", "netns", "add", name),
        ("ip", "link", "add", near, "type", "veth", "peer", "name", far, "netns", name),
        ("ip", "addr", "add", f"{ours}/24", "dev", near),
        ("ip", "link", "set", near, "up"),
        ("ip", "-n", name, "addr", "add", f"{its}/24", "dev", far),
        ("ip", "-n", name, "link", "set", far, "up"),
        ("ip", "-n", name, "link", "set", "lo", "up"),
    ]
    with ExitStack() as stack:
        stack.callback(_run, "ip", "netns", "del", name)
        stack.callback(_run, "ip", "link", "del", near)
        for step in steps:
            done = _run(*step)
            if done.returncode:
                absent(f"a network namespace: {done.stderr.strip()}")
        yield Wire(ours, its, near, ("ip", "netns", "exec", name))
