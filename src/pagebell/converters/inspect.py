"""Looking into documents before they are printed, in worker processes that are ended when they hang."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from pagebell.converters.counting import COUNTS
from pagebell.model.errors import DocumentDamaged, Gone

log = logging.getLogger(__name__)

_HOPELESS = "The document can't be read in reasonable time and memory; it may be damaged."
_KEPT_ENVIRONMENT = ("LD_LIBRARY_PATH", "PATH", "SYSTEMROOT", "TMPDIR")


class _Worker:
    """One process and how many documents it has seen."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.documents = 0

    async def ask(self, path: Path, format: str) -> dict[str, object] | None:
        """Its answer, None if it died of the question."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        self.documents += 1
        line = b""
        with suppress(ConnectionError):
            stdin.write(json.dumps({"path": os.fspath(path), "format": format}).encode() + b"\n")
            await stdin.drain()
            line = await stdout.readline()
        if not line.endswith(b"\n"):
            return None
        answer: dict[str, object] = json.loads(line)
        return answer

    async def end(self) -> None:
        """Kill it by its id and wait until it is gone."""
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.kill()
        if self.process.stdin is not None:
            self.process.stdin.close()
        await self.process.wait()


class WorkerInspector:
    """`ports.Inspector`: counts pages in at most `workers` processes, started when first needed.

    `timeout` is in seconds a document, `memory` in octets a process; a process is replaced after `recycle`
    documents. Close it with `aclose`, or use it as an asynchronous context.
    """

    def __init__(
        self,
        *,
        workers: int = 2,
        timeout: float = 10.0,
        memory: int = 1 << 30,
        recycle: int = 500,
        command: Sequence[str] | None = None,
    ) -> None:
        self._timeout = timeout
        self._recycle = recycle
        self._places = asyncio.Semaphore(workers)
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._closed = False
        module = ["-I", "-m", "pagebell.converters.inspect_worker"]
        self._command = command or [sys.executable, *module, str(memory), str(int(timeout) + 1)]

    async def impressions(self, path: Path, format: str) -> int | None:
        """Count the pages; None where the format has none to count. Raises DocumentDamaged, Gone."""
        if format not in COUNTS:
            return None
        async with self._places:
            try:
                answer = await self._answer(path, format)
            except OSError as error:
                log.warning("no process to count pages with: %s", error)
                return None
        if answer.get("gone"):
            raise Gone("the document is no longer kept")
        if "damaged" in answer:
            raise DocumentDamaged(str(answer["damaged"]))
        pages = answer.get("pages")
        return pages if isinstance(pages, int) else None

    async def _answer(self, path: Path, format: str) -> dict[str, object]:
        """Ask a worker; one that died while idle is no evidence, so a fresh one is asked as well."""
        while True:
            fresh = not self._idle
            worker = await self._start() if fresh else self._idle.pop()
            answer = await self._ask(worker, path, format)
            if answer is not None:
                return answer
            if fresh:
                log.warning("%s (%s) killed the process that looked into it", path, format)
                raise DocumentDamaged(_HOPELESS)

    async def _ask(self, worker: _Worker, path: Path, format: str) -> dict[str, object] | None:
        self._busy.add(worker)
        answer = None
        try:
            async with asyncio.timeout(self._timeout):
                answer = await worker.ask(path, format)
        except TimeoutError:
            log.warning("%s (%s) takes longer than %g s to look into", path, format, self._timeout)
            raise DocumentDamaged(_HOPELESS) from None
        except ValueError:
            log.warning("a process that counts pages answers nonsense; it is ended")
        finally:
            self._busy.discard(worker)
            if answer is not None and worker.documents < self._recycle and not self._closed:
                self._idle.append(worker)
            else:
                await worker.end()
        return answer

    async def _start(self) -> _Worker:
        environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
        process = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment, cwd="/"
        )
        return _Worker(process)

    async def aclose(self) -> None:
        """End all processes; there is no asking after that."""
        self._closed = True
        workers, self._idle = self._idle, []
        for worker in [*workers, *self._busy]:
            await worker.end()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
