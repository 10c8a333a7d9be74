r"""Called back over SMB, by Samba's own print service and by ours, through smbd on the client's computer.

The client's computer is ours, where smbd passes `\pipe\spoolss` on to the client; the print server is at the other
end of a wire, for smbd calls back no address of its own.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pagebell.ipp.events import Pace
from pagebell.ipp.follow import Feedback, JobUpdate
from pagebell.ipp.registry import JobState
from pagebell.winspool import Client
from pagebell.winspool.changes import JobField
from pagebell.winspool.client.addresses import Way
from pagebell.winspool.client.answering import Listening
from pagebell.winspool.client.events import GONE
from pagebell.winspool.constants import JobStatus
from tests.peers import absent, find
from tests.samba import PASSWORD, Front, front
from tests.server import PAGEBELL, ServerProcess, wait_for
from tests.wire import Wire, wire

HERE = Path(__file__).parent
NOWHERE = 1
"""A port for the endpoint mapper that servers do not ask at: SMB is what is left."""
DEAF = Pace(quick=60, slow=60, safety=60)
"""Who asks so rarely hears of nothing unless told."""
CALLS = ("RFFPCNEX", "ReplyOpenPrinter", "RFNPCNEX", "RRPCN", "FCPN", "ReplyClosePrinter")
"""As tshark names them."""


@pytest.fixture(scope="module")
def apart() -> Iterator[Wire]:
    if importlib.util.find_spec("smbprotocol") is None:
        absent("smbprotocol is missing")
    with wire() as made:
        yield made


@pytest.fixture(scope="module")
def here(apart: Wire) -> Iterator[Front]:
    """smbd on the client's computer."""
    with tempfile.TemporaryDirectory(prefix="pb") as folder:  # a socket's path must be short
        made = front(Path(folder), apart.ours)
        with made.running():
            yield made


@pytest.fixture(scope="module")
def samba(apart: Wire) -> Iterator[Front]:
    """A print server of Samba's own."""
    with tempfile.TemporaryDirectory(prefix="pb") as folder:
        made = front(Path(folder), apart.its, apart.inside, own_service=True)
        with made.running():
            yield made


@pytest.fixture(scope="module")
def server(apart: Wire, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A print server of ours, on the same computer as Samba's."""
    folder = tmp_path_factory.mktemp("server")
    made = ServerProcess(folder, {"Sim": "simulated://?ppm=600"}, rpc=f"{apart.its}:0", prefix=apart.inside)
    made.add_user("alice", PASSWORD)
    with made:
        yield made


@pytest.fixture
def capture(apart: Wire, tmp_path: Path) -> Iterator[Path]:
    """All that goes over the wire, in a file."""
    path = tmp_path / "wire.pcap"
    argv = [find("tshark"), "-q", "-i", apart.device, "-w", str(path)]
    process = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        if not any(line.startswith("Capturing") for line in process.stderr):
            absent("tshark may not capture")
        yield path
    finally:
        process.terminate()
        process.communicate(timeout=20)


def shown(capture: Path, *filters: str) -> str:
    argv = [find("tshark"), "-r", str(capture), *filters]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False).stdout


def read_by_tshark(capture: Path) -> None:
    """Every call of the exchange is there, those back to the client included, and none is malformed."""
    wait_for(lambda: "ReplyClosePrinter response" in shown(capture, "-Y", "spoolss"), "the last packet")
    told = shown(capture, "-Y", "spoolss")
    for call in CALLS:
        assert f"{call} request" in told and f"{call} response" in told, (call, told)
    assert shown(capture, "-Y", "_ws.malformed") == ""


async def finish(samba: Front, title: str) -> None:
    """The printer is done; Samba finds out when somebody looks at the queue."""
    async with Client(rf"\\{samba.host}\Sim", user="root", password=PASSWORD) as client:
        while not [job for job in await client.jobs() if job.name == title]:
            await asyncio.sleep(0.1)  # by another program's queue
        for file in samba.queue.iterdir():
            file.unlink()
        while await client.jobs():
            await asyncio.sleep(0.1)


def pass_on(samba_python: str, samba: Front, job: int, status: JobStatus) -> None:
    """Tell Samba's print service of a job's status, as its own processes mean to."""
    services = [str(one.pid) for one in psutil.process_iter() if is_service(one, samba)]
    assert services
    told = ("Sim", str(job), str(int(JobField.STATUS)), str(int(status)), *services)
    argv = [samba_python, str(HERE / "pass_on_by_samba.py"), str(samba.configuration), *told]
    subprocess.run([*samba.inside, *argv], capture_output=True, timeout=30, check=True)


def is_service(process: psutil.Process, samba: Front) -> bool:
    try:
        words = process.cmdline()
    except psutil.Error:
        return False
    return "rpcd_spoolss" in "".join(words[:1]) and any(str(samba.folder) in word for word in words)


async def test_samba_calls_our_client(samba_python: str, samba: Front, here: Front, capture: Path) -> None:
    """The whole use case, [MS-PRSOD] 2.5.3.7.1 with its extension (a), with a print server that is not ours."""
    seen: list[JobUpdate] = []
    uri, listening = rf"\\{samba.host}\Sim", Listening(NOWHERE, here.socket)
    client = Client(uri, user="root", password=PASSWORD, pace=DEAF, listening=listening)

    async def printer(job: int) -> None:
        """It lacks paper, until that is known; then it prints."""
        while not seen[-1].job.is_final:
            stopped = seen[-1].job.state is JobState.PROCESSING_STOPPED
            status = JobStatus.PRINTED if stopped else JobStatus.PRINTING | JobStatus.PAPEROUT
            await asyncio.to_thread(pass_on, samba_python, samba, job, status)

    async with asyncio.timeout(50), asyncio.TaskGroup() as group:
        async with client.session() as session:
            assert session.way is Way.PIPE
        async for update in client.print_and_follow(b"To be or not to be.\n" * 100, title="Hamlet"):
            seen.append(update)
            if len(seen) == 1:
                group.create_task(printer(update.job.id))
    assert {update.feedback for update in seen} == {Feedback.EVENTS}
    assert seen[0].job.name == "Hamlet"
    states = [update.job.state for update in seen]
    assert states[-1] == JobState.COMPLETED and JobState.PROCESSING_STOPPED in states
    read_by_tshark(capture)


@pytest.mark.parametrize("listens", [True, False])
async def test_a_samba_that_tells_nothing_is_asked(samba: Front, here: Front, listens: bool) -> None:
    """Following is never silent: neither where nobody takes calls for us, nor where the server takes a
    registration and then does not call.
    """
    seen: list[JobUpdate] = []
    uri, pace = rf"\\{samba.host}\Sim", Pace(quick=0.1, slow=0.1)
    listening = Listening(NOWHERE, here.socket if listens else None)
    client = Client(uri, user="root", password=PASSWORD, pace=pace, listening=listening)
    async with asyncio.timeout(50), asyncio.TaskGroup() as group:
        async for update in client.print_and_follow(b"To be.\n" * 100, title="Ophelia"):
            if not seen:
                group.create_task(finish(samba, "Ophelia"))
            seen.append(update)
    assert {update.feedback for update in seen[:-1]} == {Feedback.EVENTS if listens else Feedback.POLLING}
    assert seen[-1].problem == GONE  # Samba says no more of a job that is printed


@pytest.mark.parametrize("printer", ["\\Sim", ""])
async def test_watch_and_print_on_samba(samba: Front, here: Front, tmp_path: Path, printer: str) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Ada")
    server = rf"\\{samba.host}"
    environment = {**os.environ, "PAGEBELL_PASSWORD": PASSWORD, "PAGEBELL_USER": "root"}
    watching = await asyncio.create_subprocess_exec(
        *(PAGEBELL, "watch", server + printer, "--json", "--samba-np", here.socket),
        stdout=subprocess.PIPE,
        env=environment,
    )
    try:
        async with asyncio.timeout(50):
            assert watching.stdout is not None
            wait_for(here.socket.exists, "the watcher's socket")
            printing = await asyncio.create_subprocess_exec(
                *(PAGEBELL, "print", letter, "--to", rf"{server}\Sim"),
                stdout=subprocess.PIPE,
                env=environment,
            )
            assert printing.stdout is not None
            said = await printing.stdout.readline()
            first = asyncio.create_task(watching.stdout.readline())
            async with Client(rf"{server}\Sim", user="root", password=PASSWORD) as client:
                while not first.done():  # what was there at the first look is no news
                    await client.print_document(b"Dear Ada", title="letter.txt")
                    await asyncio.wait({first}, timeout=2)
            told = [json.loads(await first)]
            finishing = asyncio.create_task(finish(samba, "letter.txt"))
            while told[-1]["event"] != "job-completed":
                told.append(json.loads(await watching.stdout.readline()))
            said += (await printing.communicate())[0]
            await finishing
    finally:
        watching.terminate()
        await watching.wait()
    assert {one["event"] for one in told} <= {"job-created", "job-state-changed", "job-completed"}
    assert {one["printer"] for one in told} == {"Sim"}
    assert told[-1]["text"] == GONE
    assert printing.returncode == 3, said
    assert "Sent to Sim as job" in said.decode() and "no longer lists this job" in said.decode()


async def test_our_server_calls_by_smb(
    apart: Wire, server: ServerProcess, here: Front, capture: Path
) -> None:
    """By way of smbd on the client's computer, and as nobody: without any credentials."""
    uri, listening = f"rprn://{apart.its}:{server.rpc_port}/Sim", Listening(NOWHERE, here.socket)
    client = Client(uri, user="alice", password=PASSWORD, pace=DEAF, listening=listening)
    async with asyncio.timeout(50):
        seen = [update async for update in client.print_and_follow(b"%!PS hello", title="Letter")]
    assert {update.feedback for update in seen} == {Feedback.EVENTS}
    assert seen[-1].job.state is JobState.COMPLETED
    wait_for(lambda: "ReplyClosePrinter response" in shown(capture, "-Y", "spoolss"), "the last packet")
    assert "RRPCN request" in shown(capture, "-Y", f"ip.dst == {apart.ours} and spoolss")
    names = shown(
        capture,
        "-Y",
        "ntlmssp.auth.username and tcp.dstport == 445",
        "-T",
        "fields",
        "-e",
        "ntlmssp.auth.username",
    )
    assert set(names.split()) <= {"NULL"}
    assert shown(capture, "-Y", "_ws.malformed") == ""
