"""A server as its users run it: `pagebell serve` as a process of its own."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")
PAGEBELL = Path(sys.executable).with_name("pagebell")
START_LIMIT = 30.0
STOP_LIMIT = 15.0


def wait_for(condition: Callable[[], T | None], what: str, seconds: float = 20.0) -> T:
    """The condition's first true value; fails when there is none in time. For things outside this process."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(0.02)


@dataclass
class ServerProcess:
    """A child process; inside the context it takes requests, at its end it must have stopped cleanly.

    with ServerProcess(tmp_path, devices={"PDF": "simulated://?ppm=600"}) as server:
        subprocess.run(["ipptool", server.uri("PDF"), ...])
    """

    folder: Path
    devices: Mapping[str, str] = field(default_factory=dict)
    """Printers by name, each with its device's URI; none: as at a user's first start."""
    settings: str = ""
    """Further TOML."""
    ipp: str = "127.0.0.1:0"
    """HOST:PORT for IPP; a port of its own choice for each life where it is 0."""
    rpc: str = "off"
    """HOST:PORT for Windows clients."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Further variables."""
    prefix: tuple[str, ...] = ()
    """A command that runs the server in some confinement."""
    output: str = ""
    """What it has printed so far."""

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.folder / "state"

    @property
    def log(self) -> str:
        """What it has written to standard error."""
        return (self.folder / "log").read_text()

    @property
    def authority(self) -> str:
        """HOST:PORT."""
        return f"127.0.0.1:{self.port}"

    def uri(self, printer: str = "") -> str:
        """A printer's URI; the default one's where none is named."""
        return f"ipp://{self.authority}/ipp/print" + (f"/{printer}" if printer else "")

    @property
    def rpc_port(self) -> int:
        """Where it takes Windows clients."""
        found = re.search(r"Windows clients: \S+:(\d+)", self.output)
        assert found is not None, self.output
        return int(found[1])

    def add_user(self, name: str, password: str, *more: str) -> None:
        """`pagebell users add`, before it starts or while it runs."""
        subprocess.run(
            [PAGEBELL, "users", "add", name, *more, "--password-env", "PW", "--state", self.state],
            env={**os.environ, "PW": password},
            check=True,
            capture_output=True,
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def start(self) -> None:
        """Start it, also again on what an earlier run left."""
        self.output = ""
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "pagebell.toml"
        tables = [f'[printers.{name}]\ndevice = "{uri}"\n' for name, uri in self.devices.items()]
        config.write_text(self.settings + "\n" + "\n".join(tables))
        config.chmod(0o644)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *self.prefix,
                    PAGEBELL,
                    "serve",
                    "--config",
                    config,
                    "--state",
                    self.state,
                    "--ipp",
                    self.ipp,
                    "--rpc",
                    self.rpc,
                ],
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **self.environment, "PYTHONUNBUFFERED": "1"},
            )
        try:
            self._read_until_ready()
        except BaseException:
            self.kill()
            raise

    def _read_until_ready(self) -> None:
        assert self.process.stdout is not None
        deadline = time.monotonic() + START_LIMIT
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while "\nReady.\n" not in self.output:
                left = deadline - time.monotonic()
                chunk = b""
                if left > 0 and selector.select(left):
                    chunk = os.read(self.process.stdout.fileno(), 4096)
                if not chunk:
                    raise AssertionError(f"the server did not start: {self.output}\n{self.log}")
                self.output += chunk.decode()
        found = re.search(r"https?://(?:127\.0\.0\.1|0\.0\.0\.0):(\d+)/", self.output)
        assert found is not None, self.output
        self.port = int(found[1])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        status = self.stop()
        if kind is None:
            assert status == 0, f"the server ended with {status}:\n{self.log}"
            assert "Traceback" not in self.log, self.log

    def stop(self) -> int:
        """End it by SIGTERM; returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not stop within {STOP_LIMIT:g} s:\n{self.log}") from None
        finally:
            if self.process.stdout is not None:
                self.process.stdout.close()

    def kill(self) -> None:
        """End it as a power failure would."""
        with suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait(STOP_LIMIT)
        if self.process.stdout is not None:
            self.process.stdout.close()
