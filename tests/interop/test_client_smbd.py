r"""Our client reaches a print service through a real smbd: its named pipe `\pipe\spoolss`, over SMB."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pagebell.winspool import Client
from pagebell.winspool.client.addresses import Way
from pagebell.winspool.client.errors import WindowsError
from tests.peers import absent
from tests.samba import PASSWORD, Front, front
from tests.server import ServerProcess

HOST = "127.0.0.24"


@pytest.fixture(scope="module")
def samba() -> Iterator[Front]:
    if importlib.util.find_spec("smbprotocol") is None:
        absent("smbprotocol is missing")
    with tempfile.TemporaryDirectory(prefix="pb") as folder:  # a socket's path must be short
        yield front(Path(folder), HOST)


@pytest.fixture(scope="module")
def server(samba: Front, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    settings = f'[rpc]\nsamba-np = "{samba.socket}"\n[access]\nadministrators = ["@S-1-22-2-0"]\n'
    devices = {"Sim": "simulated://?ppm=6000"}
    running = ServerProcess(tmp_path_factory.mktemp("smbd"), devices=devices, settings=settings)
    with running, samba.running():
        yield running


def client(password: str = PASSWORD) -> Client:
    return Client(rf"\\{HOST}\Sim", user="root", password=password)


async def test_the_pipe_is_what_is_left(server: ServerProcess) -> None:
    """Neither [MS-PAR] nor [MS-RPRN] answers over TCP: [MS-PRSOD] 2.7.1.5."""
    async with client() as one, one.session() as session:
        assert session.way is Way.PIPE


async def test_a_document_is_printed_over_smb(server: ServerProcess) -> None:
    async with client() as one:
        job = await one.print_document(b"To be or not to be.\n" * 20_000, title="Hamlet")
        assert (job.owner, job.name, job.octets) == ("root", "Hamlet", 400_000)


async def test_a_wrong_password_is_a_sentence(server: ServerProcess) -> None:
    with pytest.raises(WindowsError, match="does not let root in"):
        await client("wrong").printer()
