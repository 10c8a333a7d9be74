"""`pagebell serve` as administrators meet it: how it starts, refuses to start, and stops."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import GroupTag, encode
from pagebell.ipp.registry import Op, Status
from pagebell.testing import pdf
from tests.asking import Asker, build, job_id
from tests.server import PAGEBELL, ServerProcess, wait_for


def refused(*arguments: str | Path, status: int = 1) -> str:
    """What a server that does not start says on standard error: no traceback."""
    command = [PAGEBELL, "serve", "--tls", "off", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.strip()


def printed(server: ServerProcess) -> None:
    """It takes a document and prints it."""
    with Asker(server.authority) as ask:
        assert job_id(ask.ask(Op.PRINT_JOB, data=pdf(1))) == 1
    output = server.state / "output"
    wait_for(lambda: [path for path in output.iterdir() if path.suffix == ".pdf"], "the printed file")


# --- refusals ---


def test_address_that_is_none_is_refused_in_a_sentence(tmp_path: Path) -> None:
    said = refused("--state", tmp_path, "--ipp", "nonsense")
    assert said == (
        "pagebell serve: options: server.ipp: 'nonsense' is not HOST:PORT, such as 127.0.0.1:8631 or [::1]:8631"
    )


def test_address_that_is_not_ours_is_refused_in_a_sentence(tmp_path: Path) -> None:
    said = refused("--state", tmp_path, "--ipp", "192.0.2.1:8631")
    assert said.startswith("pagebell serve: can't listen on 192.0.2.1:8631: ")
    assert said.endswith("choose another address with --ipp")
    assert "Cannot assign requested address" in said


def test_host_that_nobody_knows_is_refused_in_a_sentence(tmp_path: Path) -> None:
    said = refused("--state", tmp_path, "--ipp", "no-such-host.invalid:8631")
    assert said.startswith("pagebell serve: can't listen on no-such-host.invalid:8631: ")
    assert "\n" not in said


def test_busy_port_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        said = refused("--state", tmp_path, "--ipp", address)
    assert said == (
        f"pagebell serve: can't listen on {address}: Address already in use; choose another address with --ipp"
    )


def test_configuration_that_is_missing_or_wrong_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "pagebell.toml"
    assert refused("--config", path) == f"pagebell serve: {path} can't be read: No such file or directory"
    path.write_text("[sever]\n")
    assert refused("--config", path) == f"pagebell serve: {path}: there is no setting sever"


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ('[printers.P]\ndevice = "parport:1"', "printers.P: "),
        ('[printers.P]\ndevice = "file:///dev/null"', "printers.P: "),
        ('[printers."a b"]\ndevice = "null:"', "printers.a b: "),
    ],
)
def test_printer_that_cannot_be_is_refused_in_a_sentence(tmp_path: Path, table: str, complaint: str) -> None:
    path = tmp_path / "pagebell.toml"
    path.write_text(table)
    said = refused("--config", path, "--state", tmp_path / "state", "--ipp", "127.0.0.1:0")
    assert said.startswith(f"pagebell serve: {complaint}")
    assert "\n" not in said


def test_state_folder_that_cannot_be_made_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    said = refused("--state", tmp_path / "file" / "state", "--ipp", "127.0.0.1:0")
    assert said.startswith("pagebell serve: the state folder ")
    assert said.endswith("name another with --state")


def test_damaged_database_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "pagebell.db").write_bytes(b"this is no database" * 1000)
    said = refused("--state", tmp_path, "--ipp", "127.0.0.1:0")
    assert said.startswith("pagebell serve: ")
    assert "pagebell.db" in said
    assert "\n" not in said


@pytest.mark.parametrize("arguments", [["--nonsense"], ["--log-level", "loud"], ["surplus"]])
def test_wrong_command_ends_with_status_2(arguments: list[str]) -> None:
    assert refused(*arguments, status=2)


def test_second_server_on_the_same_state_is_refused(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        said = refused("--state", server.state, "--ipp", "127.0.0.1:0")
        assert said == (
            f"pagebell serve: another Pagebell is using {server.state}; "
            "stop it or name another folder with --state"
        )


# --- starting and stopping ---


def test_first_start_makes_a_printer_and_says_where_everything_is(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        lines = server.output.splitlines()
        assert lines == [
            f"State is kept in {server.state}",
            f"Printer PDF: {server.uri('PDF')}",
            f"Web page: http://{server.authority}/",
            f"Certificate: {server.state}/tls/certificate.pem",
            "Ready.",
        ]
        printed(server)
    assert (server.state.stat().st_mode & 0o777) == 0o700


def test_printers_and_jobs_are_there_again_after_a_stop(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        printed(server)
        assert server.stop() == 0
        server.start()
        with Asker(server.authority) as ask:
            assert job_id(ask.ask(Op.PRINT_JOB, data=pdf(1))) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_cleanly_while_clients_are_connected(tmp_path: Path, number: signal.Signals) -> None:
    with ServerProcess(tmp_path, devices={"Slow": "simulated://?ppm=1"}) as server:
        with Asker(server.authority) as ask:
            ask.ask(Op.PRINT_JOB, data=pdf(5))
            assert ask.ask(Op.GET_JOBS).code == Status.SUCCESSFUL_OK
            server.process.send_signal(number)
            assert server.process.wait(10) == 0
        assert "Traceback" not in server.log


# --- confinement ---

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs")
POWERLESS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs")
READ_ONLY = """
mkdir -p "$1" && mount --bind "$1" "$1" && mount -o remount,ro,bind / || exit 125
touch /pagebell-writes-here 2>/dev/null && exit 125
shift
exec "$@"
"""


def confined(*prefix: str) -> tuple[str, ...]:
    """The prefix, where programs can be run in such confinement here; else the test is not run."""
    if os.geteuid() != 0:
        pytest.skip("not run: only root can confine a program this way")
    done = subprocess.run([*prefix, PAGEBELL, "--version"], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"not run: Pagebell can't be confined this way here: {done.stderr.strip()}")
    return prefix


@pytest.mark.interop("setpriv")
def test_it_needs_no_privileges(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, prefix=confined(*POWERLESS)) as server:
        printed(server)


@pytest.mark.interop("setpriv")
def test_it_runs_as_a_user_who_owns_nothing_else(tmp_path: Path) -> None:
    prefix = confined(*NOBODY)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    os.chown(tmp_path, 65534, 65534)
    with ServerProcess(tmp_path, prefix=prefix) as server:
        printed(server)


@pytest.mark.interop("unshare")
def test_it_writes_nowhere_but_in_its_state_folder(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    apart = ("unshare", "--mount", "--propagation", "private", "sh", "-c", READ_ONLY, "sh", state)
    with ServerProcess(tmp_path, prefix=confined(*apart)) as server:
        printed(server)


def test_stop_in_the_middle_of_an_upload_aborts_its_job(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        request = encode(build(Op.PRINT_JOB, server.uri("PDF"))) + bytes(3_000_000)
        head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/ipp\r\nContent-Length: {len(request) + 1}\r\n"
        with socket.create_connection(("127.0.0.1", server.port)) as upload, Asker(server.authority) as ask:
            upload.sendall(f"{head}\r\n".encode() + request)
            wait_for(lambda: ask.ask(Op.GET_JOBS).group(GroupTag.JOB), "the job to be seen")
            assert server.stop() == 0
        server.start()
        with Asker(server.authority) as ask:
            told = ask.ask(Op.GET_JOBS, r.which_jobs("aborted"), r.requested_attributes("job-state-message"))
        job = told.group(GroupTag.JOB)
        assert job is not None
        assert job.get(r.job_state_message) == "The document broke off while it was sent."
        assert [path for path in (server.state / "spool").rglob("*") if path.is_file()] == []
