"""`make bench`: Pagebell beside cupsd and ippeveprinter, in one run on one machine.

Figures are medians of several short runs that take turns, so that a machine that is slow for a while is slow for
all. All servers take jobs for a printer that is stopped: what is measured is the taking. Ours has every job synced
to disk before it answers; the others sync nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from statistics import median

import psutil
from rich.console import Console
from rich.table import Table

from bench.load import questions, request, run, text
from bench.notify import notifications, spent
from bench.spoolss import printing
from bench.stage import KILO, MEGA, ROUNDS, Figures, Subject, cups, eve, ours
from bench.windows import windows_notifications
from pagebell.ipp.registry import Op

SECONDS = 2.0


PEERS = ("cupsd", "ippserver", "smbd")
"""Those with whose figures ours are compared: with the best of them."""


def rate(subject: Subject, op: Op, connections: int, octets: int = 0, seconds: float = SECONDS) -> float:
    """Requests a second."""
    if not octets:
        return questions(subject.uri, request(op, subject.uri), connections, seconds)
    document = text(octets)
    most = 10**9 if octets < MEGA else 4
    figures = asyncio.run(run(subject.uri, request(op, subject.uri, document), connections, seconds, most))
    return figures["per_second"]


def cost(subject: Subject, op: Op) -> float:
    """Microseconds of a processor that a request costs."""
    begun = spent(subject)
    figures = asyncio.run(run(subject.uri, request(op, subject.uri), 1, SECONDS, 10**9))
    return (spent(subject) - begun) / figures["count"] * 1e6


def taking_turns(subjects: list[Subject], measure: Callable[[Subject], float]) -> dict[str, float]:
    """The median for each subject that stands it."""
    found: dict[str, list[float]] = {subject.name: [] for subject in subjects}
    for _ in range(ROUNDS):
        for subject in subjects:
            try:
                found[subject.name].append(measure(subject))
            except (OSError, EOFError) as error:
                if subject.name == "Pagebell":
                    raise
                print(f"  {subject.name} broke down: {error}", flush=True)
    return {name: median(values) for name, values in found.items() if len(values) == ROUNDS}


def compare(figures: Figures, subjects: list[Subject]) -> None:
    """Requests, jobs and uploads, side by side."""
    queues = [
        subject for subject in subjects if subject.name != "ippeveprinter"
    ]  # it takes one job at a time
    for connections in (1, 8, 16):
        for who, value in taking_turns(
            subjects, lambda s, c=connections: rate(s, Op.GET_PRINTER_ATTRIBUTES, c)
        ).items():
            figures.add(f"Get-Printer-Attributes, {connections} connections", "/s", who, value)
        for who, value in taking_turns(
            queues, lambda s, c=connections: rate(s, Op.PRINT_JOB, c, 4 * KILO)
        ).items():
            figures.add(f"Print-Job, 4 KB, {connections} connections", "/s", who, value)
    for who, value in taking_turns(queues, lambda s: cost(s, Op.GET_PRINTER_ATTRIBUTES)).items():
        figures.add("Get-Printer-Attributes, processor time each", "µs", who, value)
    for who, value in taking_turns(
        queues, lambda s: 50 * rate(s, Op.PRINT_JOB, 1, 50 * MEGA, seconds=20.0)
    ).items():
        figures.add("upload of 50 MB", "MB/s", who, value)
    for subject in subjects:
        if psutil.pid_exists(subject.pid):
            memory = psutil.Process(subject.pid).memory_info().rss
            figures.add("memory afterwards", "MB", subject.name, memory / MEGA)


def history(figures: Figures, folder: Path) -> None:
    """Ours with a long history."""
    for finished in (0, 10_000, 100_000):
        with ours(folder / f"history-{finished}", finished) as subject:
            jobs = median(rate(subject, Op.PRINT_JOB, 8, 4 * KILO) for _ in range(ROUNDS))
            label = f"with {finished:,} finished jobs"
            figures.add(f"Print-Job, 4 KB, 8 connections, {label}", "/s", "Pagebell", jobs)
            octets = request(Op.GET_JOBS, subject.uri)
            latency = asyncio.run(run(subject.uri, octets, 1, SECONDS, 10**9))["p50_ms"]
            figures.add(f"Get-Jobs of 50, {label}", "ms", "Pagebell", latency)
            memory = psutil.Process(subject.pid).memory_info().rss / MEGA
            figures.add(f"memory, {label}", "MB", "Pagebell", memory)


def table(figures: Figures, names: list[str]) -> list[list[str]]:
    """Rows of text: what, each server's figure, and ours as a multiple of its peer's."""
    rows = []
    for what, values in figures.rows.items():
        cells = [f"{values[name]:,.1f}" if name in values else "" for name in names]
        best = max if figures.units[what].endswith("/s") else min
        peer = best((values[name] for name in PEERS if name in values), default=None)
        ratio = None if peer is None or "Pagebell" not in values else values["Pagebell"] / peer
        rows.append([what, figures.units[what], *cells, "" if ratio is None else f"{ratio:.2f}"])
    return rows


def write(path: Path, figures: Figures, names: list[str]) -> None:
    """The table as Markdown."""
    head = ["what", "unit", *names, "ours / peer"]
    lines = [
        "# What was measured",
        "",
        f"By `make bench` on {date.today()}: {os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}. Medians of {ROUNDS} runs that took turns; the load generator runs on "
        "the same cores. Pagebell syncs every job to disk before it answers; the others do not. Questions are asked by "
        "wrk. Readers that wait are told when the octets reach their sockets, by the kernel's time stamps.",
        "",
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(row) + " |" for row in table(figures, names)),
        "",
    ]
    path.write_text("\n".join(lines))


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description="Measure Pagebell beside its peers.")
    parser.add_argument("--only-ours", action="store_true", help="leave the peers out")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("results.md"))
    arguments = parser.parse_args()
    figures = Figures()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="pagebell-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        subjects = [stack.enter_context(ours(folder / "ours"))]
        if not arguments.only_ours:
            if shutil.which("cupsd", path=os.environ["PATH"] + ":/usr/sbin"):
                subjects.append(stack.enter_context(cups(folder / "cups")))
            if shutil.which("ippeveprinter", path=os.environ["PATH"] + ":/usr/sbin"):
                subjects.append(stack.enter_context(eve(folder / "eve")))
        compare(figures, subjects)
        history(figures, folder)
    with tempfile.TemporaryDirectory(prefix="pagebell-bench-") as name:
        notifications(figures, Path(name), peer=not arguments.only_ours)
        windows_notifications(figures, Path(name) / "windows")
        printing(figures, Path(name) / "spoolss", only_ours=arguments.only_ours)
        names = [subject.name for subject in subjects]
        names += [
            name for name in ("ippserver", "smbd") if any(name in values for values in figures.rows.values())
        ]
    shown = Table("what", "unit", *names, "ours / peer")
    for row in table(figures, names):
        shown.add_row(*row)
    Console().print(shown)
    write(arguments.output, figures, names)
    print(f"Measured in {time.monotonic() - begun:.0f} s; written to {arguments.output}.", file=sys.stderr)


if __name__ == "__main__":
    main()
