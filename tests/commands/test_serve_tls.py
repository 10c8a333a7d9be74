"""`pagebell serve --tls`, as its users run it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pagebell.ipp import Client
from pagebell.ipp.errors import HttpError
from tests.server import PAGEBELL, ServerProcess


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    config = folder / "c.toml"
    config.write_text('[tls]\ncertificate = "/nowhere.pem"\nkey = "/nowhere.key"\n')
    command = [
        PAGEBELL,
        "serve",
        "--config",
        config,
        "--state",
        folder / "s",
        "--ipp",
        "127.0.0.1:0",
        "--rpc",
        "off",
        *options,
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_missing_certificate_is_told_in_a_sentence(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("pagebell serve: /nowhere.pem can't be read: No such file or directory;")


def test_unknown_mode_is_told_with_those_there_are(tmp_path: Path) -> None:
    done = run(tmp_path, "--tls", "sometimes")
    assert done.returncode == 2
    assert "require" in done.stdout + done.stderr


async def test_required_encryption_is_told_with_the_addresses(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, settings='[tls]\nmode = "require"\n') as server:
        assert f"Printer PDF: ipps://{server.authority}/ipp/print/PDF" in server.output
        assert f"Web page: https://{server.authority}/" in server.output
        async with Client(server.uri("PDF")) as client:
            with pytest.raises(HttpError, match="use an ipps:// address"):
                await client.printer()
        async with Client(server.uri("PDF").replace("ipp:", "ipps:"), verify=False) as client:
            assert (await client.printer()).name == "PDF"
