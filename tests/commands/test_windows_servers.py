r"""Our commands on a Windows print server, by each kind of address: par://, rprn:// and \\HOST."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pagebell.cli import main
from pagebell.ipp import SyncClient
from tests.peers import need_mapper, started
from tests.server import PAGEBELL, ServerProcess, wait_for
from tests.terminal.tmux import terminal

HOST = "127.0.0.27"
PASSWORD = "Secret123"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server whose printer `Sim` prints at once, and whose printer `Slow` never comes to an end."""
    devices = {"Sim": "simulated://?ppm=6000&warmup=0", "Slow": "simulated://?ppm=1"}
    running = ServerProcess(tmp_path_factory.mktemp("windows"), devices, rpc=f"{HOST}:0")
    running.add_user("ada", PASSWORD, "--admin")
    with running:
        need_mapper(running, HOST)
        yield running


@pytest.fixture(params=["par://{}", "rprn://{}", r"\\{}"])
def address(
    server: ServerProcess, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The server's, and the environment of somebody whom it knows; afterwards nothing is left to print."""
    monkeypatch.setenv("PAGEBELL_USER", "ada")
    monkeypatch.setenv("PAGEBELL_PASSWORD", PASSWORD)
    yield request.param.format(HOST)
    purge(server)


def purge(server: ServerProcess) -> None:
    with SyncClient(server.uri("Slow")) as client:
        for job in client.jobs():
            client.cancel(job)
        wait_for(lambda: not client.jobs(), "the end of all jobs")


def queue(address: str, name: str) -> str:
    return address + ("\\" if address.startswith("\\") else "/") + name


@pytest.fixture
def letter(tmp_path: Path) -> str:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Bob")
    return str(path)


def test_a_file_is_printed_and_followed_to_its_end(
    address: str, letter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["print", letter, "--to", queue(address, "Sim")]) == 0
    assert re.search(r"Printed: 1 page\b", capsys.readouterr().out)


def test_jobs_are_held_released_and_cancelled(
    address: str, letter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    slow, numbers = queue(address, "Slow"), []
    for _ in range(2):
        assert main(["print", letter, "--to", slow, "--no-wait"]) == 0
        found = re.search(r"as job (\d+)", capsys.readouterr().out)
        assert found is not None
        numbers.append(found[1])
    where, second = ("--server", address), numbers[1]
    assert main(["hold", second, *where]) == 0
    assert main(["jobs", slow]) == 0
    assert re.search(rf"\b{second}\b.*[Hh]eld", capsys.readouterr().out)
    assert main(["release", second, *where]) == 0
    assert main(["cancel", second, *where]) == 0
    capsys.readouterr()
    assert main(["jobs", *where]) == 0
    told = capsys.readouterr().out
    assert re.search(rf"\b{numbers[0]}\b", told) and not re.search(rf"\b{second}\b", told)
    assert main(["cancel", "99999", *where]) == 1
    assert "there is no such job" in capsys.readouterr().err


def test_printers_are_listed(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["printers", "list", "--server", address]) == 0
    told = capsys.readouterr().out
    assert "Sim" in told and "Slow" in told


def test_what_happens_is_watched(
    server: ServerProcess, address: str, letter: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the server's administrators see that somebody does."""
    with started(tmp_path, str(PAGEBELL), "watch", queue(address, "Sim"), "--json") as watching:
        where = ("--server", f"ipp://{server.authority}/")

        def listens() -> str:
            capsys.readouterr()
            assert main(["subscriptions", "list", *where]) == 0
            return next((line for line in capsys.readouterr().out.splitlines() if "ada" in line), "")

        way = "MS-RPRN" if address.startswith("rprn") else "MS-PAR"
        assert f"Windows ({way})" in wait_for(listens, "the subscription")
        assert main(["print", letter, "--to", queue(address, "Sim"), "--title", "Hamlet"]) == 0
        wait_for(lambda: "job-completed" in watching.log.read_text(), "the job's end")
        told = [json.loads(line) for line in watching.log.read_text().splitlines() if line.startswith("{")]
    events = [one["event"] for one in told if one["event"].startswith("job-")]
    assert (events[0], events[-1]) == ("job-created", "job-completed")
    assert {one["printer"] for one in told} == {"Sim"}


def test_a_password_comes_from_a_file_or_a_persons_hands_and_from_no_command_line(
    server: ServerProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listing = ["printers", "list", "--server", f"par://{HOST}", "-u", "ada"]
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    assert main([*listing, "--password-file", str(tmp_path / "password")]) == 0
    assert "Sim" in capsys.readouterr().out
    assert main([*listing, "--password", PASSWORD]) == 2
    capsys.readouterr()
    with tempfile.TemporaryDirectory(prefix="pb") as folder, terminal(Path(folder)) as screen:
        screen.type(f"clear; pagebell {' '.join(listing)}; echo status $?")
        screen.wait_for(f"Password of ada for {HOST} (empty: Kerberos):")
        screen.type(PASSWORD)
        screen.wait_for("status 0")
        assert "Sim" in screen.screen() and PASSWORD not in screen.screen()
        screen.type(f"clear; pagebell {' '.join(listing)}; echo status $?")
        screen.wait_for("Password of ada")
        screen.type("wrong")
        screen.wait_for("status 1")
        assert "does not let ada in" in screen.screen()
