"""`make bench`: what this machine's server does in a second. Figures of one machine say little: compare ratios."""

from __future__ import annotations

import asyncio
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench.load import request, run
from pagebell.ipp.registry import Op
from tests.server import ServerProcess

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
CASES = (
    # what, operation, octets of the document, connections
    ("Get-Printer-Attributes, everything", Op.GET_PRINTER_ATTRIBUTES, 0, 8),
    ("Print-Job, 4 KB, one client", Op.PRINT_JOB, 4096, 1),
    ("Print-Job, 4 KB, 32 clients", Op.PRINT_JOB, 4096, 32),
    ("Print-Job, 100 KB, 8 clients", Op.PRINT_JOB, 100_000, 8),
    ("Print-Job, 100 MB, one client", Op.PRINT_JOB, 100_000_000, 1),
    ("Get-Jobs, 50 completed", Op.GET_JOBS, 0, 8),
)


def sync_time(folder: Path) -> float:
    """Milliseconds that an fsync of 4 KB takes: what every acknowledged job waits for at least."""
    times = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(50):
            file.write(bytes(4096))
            begun = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1e3


def main() -> None:
    """Print a table."""
    with tempfile.TemporaryDirectory(prefix="pagebell-bench-") as name:
        folder = Path(name)
        print(
            f"Python {platform.python_version()}, {os.cpu_count()} processors, fsync {sync_time(folder):.2f} ms"
        )
        print(f"{'':36}{'per second':>12}{'median ms':>12}{'p99 ms':>12}")
        for index, (what, op, octets, connections) in enumerate(CASES):
            with ServerProcess(folder / str(index), devices={"Bench": "null:"}) as server:
                uri = server.uri("Bench")
                if op is Op.GET_JOBS:
                    asyncio.run(run(uri, request(Op.PRINT_JOB, uri, b"x"), 8, 60, 200))
                document = os.urandom(octets)
                found = asyncio.run(run(uri, request(op, uri, document), connections, SECONDS, 10**9))
            print(f"{what:36}{found['per_second']:12.1f}{found['p50_ms']:12.2f}{found['p99_ms']:12.2f}")


if __name__ == "__main__":
    main()
