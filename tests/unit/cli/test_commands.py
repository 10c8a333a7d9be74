"""The commands against a scripted server: what they print, and with which status they end."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pagebell.cli import main
from pagebell.ipp import registry as r
from pagebell.ipp.codec import Group, GroupTag
from pagebell.ipp.registry import JobState, Op, PrinterState, Status
from tests.scripted import ScriptedServer, answer, failed, job, printer


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as running:
        running.on(Op.GET_PRINTER_ATTRIBUTES, printer(r.printer_name("Office")))
        yield running


@pytest.fixture
def letter(tmp_path: Path) -> str:
    (tmp_path / "letter.pdf").write_bytes(b"%PDF-1.4 letter")
    return str(tmp_path / "letter.pdf")


async def pagebell(*arguments: str) -> int:
    return await asyncio.to_thread(main, arguments)


async def test_print_tells_each_change_and_ends_with_0(
    server: ScriptedServer, letter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    server.on(Op.PRINT_JOB, job(JobState.PENDING))
    server.on(
        Op.GET_JOB_ATTRIBUTES,
        job(JobState.PROCESSING, r.job_impressions(2), r.job_impressions_completed(1)),
        job(JobState.COMPLETED, r.job_impressions_completed(2)),
    )
    assert await pagebell("print", letter, "--to", server.uri, "-n", "2", "-o", "sides=one-sided") == 0
    out = capsys.readouterr()
    assert out.err == ""
    assert out.out.splitlines() == [
        "letter.pdf: Sent to Office as job 7.",
        "letter.pdf: Printing: 1 of 2 pages.",
        "letter.pdf: Printed: 2 pages.",
    ]
    assert server.asked(Op.PRINT_JOB)[0].groups[1].get(r.copies) == 2


async def test_print_of_a_job_that_fails_ends_with_1(
    server: ScriptedServer, letter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    server.on(Op.PRINT_JOB, job(JobState.PENDING))
    server.on(Op.GET_JOB_ATTRIBUTES, job(JobState.ABORTED, r.job_state_reasons("document-format-error")))
    assert await pagebell("print", letter, "--to", server.uri) == 1
    assert "Not printed. The document is damaged" in capsys.readouterr().err


async def test_print_without_feedback_says_so_and_ends_with_3(
    server: ScriptedServer, letter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    server.on(Op.PRINT_JOB, job(JobState.PENDING))
    assert await pagebell("print", letter, "--to", server.uri) == 3
    assert "Sent as job 7. The printer does not tell what becomes of its jobs." in capsys.readouterr().out


async def test_no_wait_asks_nothing_after_the_job_is_taken(server: ScriptedServer, letter: str) -> None:
    server.on(Op.PRINT_JOB, job(JobState.PENDING))
    assert await pagebell("print", letter, "--to", server.uri, "--no-wait") == 0
    assert not server.asked(Op.GET_JOB_ATTRIBUTES)


async def test_hold_submits_and_tells_how_to_release(
    server: ScriptedServer, letter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    server.on(Op.PRINT_JOB, job(JobState.PENDING_HELD))
    assert await pagebell("print", letter, "--to", server.uri, "--hold") == 0
    assert f"release it with 'pagebell release 7 --server {server.uri}'" in capsys.readouterr().out
    assert server.asked(Op.PRINT_JOB)[0].groups[1].get(r.job_hold_until) == "indefinite"


async def test_one_file_that_is_refused_does_not_keep_the_others(
    server: ScriptedServer, letter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = failed(Status.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED, "no")
    server.on(Op.PRINT_JOB, refused, job(JobState.PENDING))
    server.on(Op.GET_JOB_ATTRIBUTES, job(JobState.COMPLETED))
    assert await pagebell("print", letter, letter, "--to", server.uri) == 1
    out = capsys.readouterr()
    assert "does not print this kind of document" in out.err
    assert "letter.pdf: Printed." in out.out


@pytest.mark.parametrize("end", ["pipe", "file"])
async def test_standard_input_is_printed_and_its_format_told(
    server: ScriptedServer, letter: str, end: str
) -> None:
    server.on(Op.PRINT_JOB, job(JobState.PENDING))
    source = f"cat {letter} |" if end == "pipe" else ""
    command = f"{source} {sys.executable} -m pagebell.cli print - --no-wait --to {server.uri}"
    command += "" if end == "pipe" else f" < {letter}"
    child = await asyncio.create_subprocess_shell(command)
    assert await child.wait() == 0
    assert server.documents[-1] == b"%PDF-1.4 letter"
    operation = server.asked(Op.PRINT_JOB)[0].groups[0]
    assert operation.get(r.document_format) == "application/pdf"
    assert operation.get(r.job_name) == "standard input"


async def test_named_pipe_is_read_once(server: ScriptedServer, tmp_path: Path) -> None:
    server.on(Op.PRINT_JOB, job(JobState.PENDING))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writing = asyncio.create_task(asyncio.to_thread(pipe.write_bytes, b"through a pipe"))
    assert await pagebell("print", str(pipe), "--to", server.uri, "--no-wait") == 0
    await writing
    assert server.documents[-1] == b"through a pipe"


async def test_ignored_options_are_told(
    server: ScriptedServer, letter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    accepted = job(JobState.PENDING)
    accepted.groups.insert(1, Group.of(GroupTag.UNSUPPORTED, r.finishings.unsupported()))
    server.on(Op.PRINT_JOB, accepted)
    await pagebell("print", letter, "--to", server.uri, "-o", "finishings=staple", "--no-wait")
    assert "The printer leaves out finishings." in capsys.readouterr().out


async def test_default_printer_of_the_server_is_used(
    server: ScriptedServer, letter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    root = f"ipp://127.0.0.1:{server.port}/"
    elsewhere = Group.of(GroupTag.PRINTER, r.printer_uri_supported("ipp://other.example/printers/Office"))
    server.on(Op.CUPS_GET_DEFAULT, answer(elsewhere))
    server.on(Op.PRINT_JOB, job(JobState.PENDING))
    assert await pagebell("print", letter, "--server", root, "--no-wait") == 0
    assert server.asked(Op.PRINT_JOB)[0].groups[0].get(r.printer_uri) == f"{root}printers/Office"
    server.on(Op.CUPS_GET_DEFAULT, failed(Status.CLIENT_ERROR_NOT_FOUND))
    assert await pagebell("print", letter, "--server", root) == 1
    assert "no default printer" in capsys.readouterr().err


async def test_printer_that_takes_no_jobs_is_told_before_anything_is_sent(
    server: ScriptedServer, letter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    server.on(
        Op.GET_PRINTER_ATTRIBUTES, printer(r.printer_name("Office"), r.printer_is_accepting_jobs(False))
    )
    assert await pagebell("print", letter, "--to", server.uri) == 1
    assert capsys.readouterr().err == "pagebell: The printer Office takes no jobs at present.\n"


async def test_jobs_are_a_table(server: ScriptedServer, capsys: pytest.CaptureFixture[str]) -> None:
    def group(number: int, state: JobState, name: str) -> Group:
        return Group.of(
            GroupTag.JOB,
            r.job_id(number),
            r.job_state(state),
            r.job_name(name),
            r.job_originating_user_name("ada"),
            r.job_printer_uri("ipp://h/printers/Office"),
            r.job_impressions(5),
            r.job_impressions_completed(2),
        )

    found = answer(group(12, JobState.PROCESSING, "b.pdf"), group(3, JobState.PENDING_HELD, "a\x1b[0m.pdf"))
    server.on(Op.GET_JOBS, found)
    assert await pagebell("jobs", "--server", server.uri, "--mine") == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["ID", "Name", "Owner", "Printer", "State", "Pages", "When"],
        ["3", "a", "[0m.pdf", "ada", "Office", "held", "2/5"],
        ["12", "b.pdf", "ada", "Office", "printing", "2/5"],
    ]
    assert server.seen[0].groups[0].get(r.my_jobs) is True


async def test_cancel_goes_on_after_a_job_that_cannot_be_cancelled(
    server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.on(Op.CANCEL_JOB, failed(Status.CLIENT_ERROR_NOT_POSSIBLE), answer())
    assert await pagebell("cancel", "1", "2", "--server", server.uri) == 1
    out = capsys.readouterr()
    assert out.out == "Job 2 is cancelled.\n"
    assert out.err.startswith("pagebell: Job 1: That is not possible")


@pytest.mark.parametrize(
    ("command", "operation"),
    [("hold", Op.HOLD_JOB), ("release", Op.RELEASE_JOB), ("restart", Op.RESTART_JOB)],
)
async def test_commands_of_jobs(server: ScriptedServer, command: str, operation: Op) -> None:
    server.on(operation, answer())
    assert await pagebell(command, "4", "--server", server.uri) == 0
    assert server.asked(operation)[0].groups[0].get(r.job_id) == 4


async def test_printer_is_added_changed_and_removed(
    server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    root = f"ipp://127.0.0.1:{server.port}/"
    server.on(Op.GET_PRINTER_ATTRIBUTES, failed(Status.CLIENT_ERROR_NOT_FOUND), printer())
    server.on(Op.CUPS_ADD_MODIFY_PRINTER, answer())
    server.on(Op.CUPS_DELETE_PRINTER, answer())
    where = ("--server", root)
    assert await pagebell("printers", "add", "Q", "--device", "null:", "--info", "A queue", *where) == 0
    first, wish = server.asked(Op.CUPS_ADD_MODIFY_PRINTER)[0].groups
    assert first.get(r.printer_uri) == f"{root}printers/Q"
    assert (wish.get(r.device_uri), wish.get(r.printer_info)) == ("null:", "A queue")
    assert (wish.get(r.printer_is_accepting_jobs), wish.get(r.printer_state)) == (True, PrinterState.IDLE)
    assert await pagebell("printers", "add", "Q", "--device", "null:", *where) == 1
    assert "There is a printer Q already" in capsys.readouterr().err
    assert await pagebell("printers", "set", "Q", "--reject", *where) == 0
    (_, wish) = server.asked(Op.CUPS_ADD_MODIFY_PRINTER)[1].groups
    assert list(wish.attributes) == ["printer-is-accepting-jobs"]
    assert await pagebell("printers", "remove", "Q", *where) == 0


async def test_printer_is_paused_resumed_identified_and_commanded(
    server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    for operation in (Op.PAUSE_PRINTER, Op.RESUME_PRINTER, Op.IDENTIFY_PRINTER):
        server.on(operation, answer())
    server.on(Op.PAGEBELL_COMMAND_DEVICE, answer(operation=(r.status_message("Out of paper"),)))
    for command in ("pause", "resume", "identify"):
        assert await pagebell("printers", command, server.uri) == 0
    assert await pagebell("printers", "command", server.uri, "refill", "5") == 0
    assert [message.code for message in server.seen] == [
        Op.PAUSE_PRINTER,
        Op.RESUME_PRINTER,
        Op.IDENTIFY_PRINTER,
        Op.PAGEBELL_COMMAND_DEVICE,
    ]
    assert server.seen[-1].groups[0].get(r.message) == "refill 5"
    assert capsys.readouterr().out.endswith("Out of paper.\n")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("print",), 2, "No file was named"),
        (("print", "x", "--frob"), 2, "no option --frob"),
        (("print", "/nowhere/x.pdf"), 1, "Cannot read /nowhere/x.pdf: no such file"),
        (("print", __file__, "-o", "copes=2"), 2, "Did you mean copies"),
        (("print", __file__, "--to", "ftp://h/"), 2, "not a printer's address"),
        (("jobs", "--server", "ipp://127.0.0.1:1/"), 1, "No print server answers at ipp://127.0.0.1:1/"),
        (("cancel",), 2, "No job was named"),
        (("cancel", "x"), 2, "unable to convert"),
        (("frobnicate",), 2, "Unknown command"),
        (("printers", "set", "Q"), 2, "Nothing to change was named"),
        (("printers", "add", "Q"), 2, "requires an argument"),
    ],
)
async def test_errors_are_sentences(
    arguments: tuple[str, ...], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await pagebell(*arguments) == status
    out = capsys.readouterr()
    assert said in " ".join((out.err + out.out).split())
    assert "Traceback" not in out.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("watch", "b\udcfcro"),
        ("jobs", "b\udcfcro"),
        ("jobs", "--user", "b\udcfcro"),
        ("jobs", "--server", "b\udcfcro"),
        ("discover", "--ldap", "b\udcfcro"),
        ("watch", "--events", "job-created", "--events", "b\udcfcro"),
        ("printers", "command", "Q", "refill", "b\udcfcro"),
        ("printers", "add", "Q", "--device", "null:", "--info", "b\udcfcro"),
        ("subscriptions", "add", "--to", "b\udcfcro"),
        ("dialogs", "answer", "1", "b\udcfcro"),
        ("users", "add", "b\udcfcro"),
        ("discover", "--ldap", "ldap://127.0.0.1:1/", "--name", "b\udcfcro"),
        ("print", __file__, "--title", "b\udcfcro"),
    ],
)
async def test_argument_that_is_not_utf8_is_said_so(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert await pagebell(*arguments) == 2
    assert capsys.readouterr().err == "pagebell: b\\xfcro is no text in UTF-8.\n"


async def test_file_whose_name_is_not_utf8_is_printed(server: ScriptedServer, tmp_path: Path) -> None:
    server.on(Op.PRINT_JOB, job(JobState.PENDING))
    file = tmp_path / "b\udcfcro.pdf"
    file.write_bytes(b"%PDF-1.4 letter")
    command = [sys.executable, "-m", "pagebell.cli", "print", file, "--no-wait", "--to", server.uri]
    terminal = {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}  # as it is where the locale is a language's
    child = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, env=terminal)
    out, _ = await child.communicate()
    assert out.decode() == "b\\xfcro.pdf: Sent to Office as job 7.\n"
    assert server.documents[-1] == b"%PDF-1.4 letter"


async def test_unexpected_error_is_a_sentence_and_debug_shows_the_details(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("pagebell.ipp.client.Client.jobs", broken)
    assert await pagebell("jobs") == 1
    quiet = capsys.readouterr().err
    assert quiet.startswith("pagebell: Something unexpected went wrong: RuntimeError: boom.")
    assert "--debug" in quiet
    assert "Traceback" not in quiet
    assert await pagebell("jobs", "--debug") == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["--help"], "pagebell print letter.pdf"),
        (["print", "--help"], "ps aux | pagebell print -"),
        (["jobs", "--help"], "Finished jobs only"),
        (["users", "list", "--help"], "List who may come in"),
    ],
)
def test_what_asks_no_server_does_not_wait_for_the_libraries_that_ask_and_serve(
    arguments: list[str], shown: str
) -> None:
    script = (
        f"import sys, pagebell.cli as cli; cli.main({arguments!r}); "
        "sys.exit(int('aiohttp' in sys.modules or 'starlette' in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert shown in done.stdout


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("pagebell ")
