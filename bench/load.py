"""Load: raw HTTP over keep-alive connections, prepared IPP requests.

Questions are asked by wrk, where it is installed: it costs little, and it is not ours.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Group, GroupTag, Message, decode, encode
from pagebell.ipp.registry import Op


def request(op: Op, uri: str, document: bytes = b"", path: str | None = None) -> bytes:
    """The octets of a whole HTTP request."""
    group = Group.of(
        GroupTag.OPERATION,
        r.attributes_charset("utf-8"),
        r.attributes_natural_language("en"),
        r.printer_uri(uri),
        r.requesting_user_name("bench"),
    )
    if op is Op.PRINT_JOB:
        group.add(r.document_format("text/plain"), r.job_name("bench"))
    if op is Op.GET_JOBS:
        group.add(r.which_jobs("completed"), r.limit(50))
    body = encode(Message((1, 1), op, 1, [group])) + document
    parts = urlsplit(uri)
    head = (
        f"POST {path or parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/ipp\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def text(octets: int) -> bytes:
    """A document that every server takes."""
    return (b"All work and no play makes Jack a dull boy.\n" * (octets // 44 + 1))[:octets]


async def read_answer(reader: asyncio.StreamReader) -> bytes:
    """Body of one HTTP answer."""
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 100"):
            break
    if b"transfer-encoding: chunked" in head:
        body = b""
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
        return body
    length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
    return await reader.readexactly(length)


async def run(uri: str, octets: bytes, connections: int, seconds: float, most: int) -> dict[str, float]:
    """Repeat the request on every connection; returns requests a second and latencies in milliseconds."""
    parts = urlsplit(uri)
    latencies: list[float] = []
    end = time.perf_counter() + seconds

    async def one() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=2**24)
        while time.perf_counter() < end and len(latencies) < most:
            begun = time.perf_counter()
            writer.write(octets)
            answer = await read_answer(reader)
            latencies.append(time.perf_counter() - begun)
            if answer[2] > 1:
                raise SystemExit(f"refused: {decode(answer)[0]}")
        writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    spent = time.perf_counter() - begun
    latencies.sort()
    return {
        "per_second": len(latencies) / spent,
        "count": len(latencies),
        "p50_ms": latencies[len(latencies) // 2] * 1e3,
        "p99_ms": latencies[int(len(latencies) * 0.99)] * 1e3,
    }


_WRK: Final = """wrk.method = "POST"
wrk.headers["Content-Type"] = "application/ipp"
wrk.body = io.open("{}", "rb"):read("*a")
"""


def questions(uri: str, octets: bytes, connections: int, seconds: float) -> float:
    """Repeat a request that changes nothing; returns requests a second. Raises OSError where some got no answer."""
    if shutil.which("wrk") is None:
        return asyncio.run(run(uri, octets, connections, seconds, 10**9))["per_second"]
    with tempfile.TemporaryDirectory() as folder:
        body, script = Path(folder, "body"), Path(folder, "script")
        body.write_bytes(octets.partition(b"\r\n\r\n")[2])
        script.write_text(_WRK.format(body))
        argv = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "-s", str(script), _http(uri)]
        wrk = subprocess.run(argv, capture_output=True, text=True, check=False)
    told = wrk.stdout + wrk.stderr
    rate = re.search(r"Requests/sec: +([\d.]+)", told)
    if rate is None or "Non-2xx" in told or "Socket errors" in told:
        raise OSError(" ".join(told.split()))
    return float(rate[1])


def _http(uri: str) -> str:
    return uri.replace("ipp://", "http://", 1)


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("uri")
    parser.add_argument("operation", choices=["get-printer-attributes", "print-job", "get-jobs"])
    parser.add_argument("-c", type=int, default=8, help="connections")
    parser.add_argument("-t", type=float, default=3.0, help="seconds")
    parser.add_argument("-n", type=int, default=10**9, help="at most so many requests")
    parser.add_argument("--octets", type=int, default=4096, help="size of the document")
    args = parser.parse_args()
    op = Op[args.operation.upper().replace("-", "_")]
    document = text(args.octets) if op is Op.PRINT_JOB else b""
    figures = asyncio.run(run(args.uri, request(op, args.uri, document), args.c, args.t, args.n))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
