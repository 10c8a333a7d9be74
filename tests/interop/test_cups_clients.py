"""CUPS' own commands against our server: `lp`, `lpstat`, `cancel`, `lpr`, `lpq`, `lpadmin` and their kin."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest

from pagebell.testing import pdf
from tests.server import ServerProcess, wait_for

pytestmark = pytest.mark.interop("lp", "lpstat", "cancel", "timeout")


class Cups:
    """Runs CUPS' commands with our server as theirs."""

    def __init__(self, server: ServerProcess, output: Path) -> None:
        self.server = server
        self.output = output

    def __call__(self, *command: str, stdin: bytes = b"", status: int = 0) -> str:
        """What the command says; it must end with this status."""
        environment = {
            **os.environ,
            "CUPS_SERVER": self.server.authority,
            "LC_ALL": "C.UTF-8",
            "CUPS_USER": "ada",
        }
        done = subprocess.run(
            ["timeout", "-k", "2", "20", *command],
            input=stdin,
            capture_output=True,
            env=environment,
            check=False,
        )
        said = (done.stdout + done.stderr).decode()
        assert done.returncode == status, said
        return said

    def printed(self, count: int) -> dict[str, bytes]:
        """The files in the output folder, once there are so many."""

        def look() -> list[Path]:
            files = [path for path in self.output.iterdir() if not path.name.startswith(".")]
            return files if len(files) >= count else []

        return {path.name: path.read_bytes() for path in wait_for(look, f"{count} printed files")}


@pytest.fixture
def cups(tmp_path: Path) -> Iterator[Cups]:
    output = tmp_path / "output"
    output.mkdir()
    devices = {"PDF": output.as_uri(), "Slow": "simulated://?ppm=1"}
    with ServerProcess(tmp_path / "server", devices=devices) as server:
        yield Cups(server, output)


def test_lp_prints_what_it_was_given(cups: Cups, tmp_path: Path) -> None:
    document = tmp_path / "letter.pdf"
    document.write_bytes(pdf(3))
    assert cups("lp", "-d", "PDF", str(document)) == "request id is PDF-1 (1 file(s))\n"
    assert list(cups.printed(1).values()) == [document.read_bytes()]


def test_lp_prints_several_files_as_one_job_with_title_and_copies(cups: Cups, tmp_path: Path) -> None:
    first, second = tmp_path / "a.pdf", tmp_path / "b.txt"
    first.write_bytes(pdf(1))
    second.write_text("Grüße\n")
    assert "PDF-1 (2 file(s))" in cups(
        "lp", "-d", "PDF", "-n", "2", "-t", "Zwei Dateien", str(first), str(second)
    )
    printed = cups.printed(4)  # each copy is a file of its own
    assert sorted(printed.values()) == sorted([first.read_bytes(), second.read_bytes()] * 2)
    assert all(name.startswith("1-Zwei-Dateien-") for name in printed)


def test_lp_puts_pages_on_one_side(cups: Cups, tmp_path: Path) -> None:
    """`lp` does not say that it is a PDF."""
    document = tmp_path / "letter.pdf"
    document.write_bytes(pdf(5))
    cups("lp", "-d", "PDF", "-o", "number-up=2", "-o", "page-ranges=1-4", str(document))
    (printed,) = cups.printed(1).values()
    with pikepdf.open(io.BytesIO(printed)) as found:
        assert len(found.pages) == 2


def test_lp_prints_its_standard_input_on_the_default_printer(cups: Cups) -> None:
    cups("lp", stdin=b"from a pipe\n")
    assert list(cups.printed(1).values()) == [b"from a pipe\n"]


def test_lpr_prints_a_file(cups: Cups, tmp_path: Path) -> None:
    document = tmp_path / "note.txt"
    document.write_bytes(b"note\n")
    cups("lpr", "-H", cups.server.authority, "-P", "PDF", str(document))
    assert list(cups.printed(1).values()) == [b"note\n"]


def test_lp_to_an_unknown_printer_is_told_that_there_is_none(cups: Cups) -> None:
    assert "does not exist" in cups("lp", "-d", "Nowhere", stdin=b"x", status=1)


def test_lpstat_tells_of_printers(cups: Cups) -> None:
    assert "printer PDF is idle." in cups("lpstat", "-p")
    assert cups("lpstat", "-e").split() == ["PDF", "Slow"]
    assert cups("lpstat", "-d") == "system default destination: PDF\n"
    assert "device for Slow: simulated://?ppm=1" in cups("lpstat", "-v")
    assert "PDF accepting requests since" in cups("lpstat", "-a")
    assert cups("lpstat", "-r") == "scheduler is running\n"


def test_lpstat_sums_up_everything_without_complaint(cups: Cups) -> None:
    said = cups("lpstat", "-t")
    assert "scheduler is running" in said
    assert "not supported" not in said


def test_lpstat_tells_of_waiting_and_finished_jobs(cups: Cups) -> None:
    cups("lp", "-d", "PDF", stdin=b"done soon\n")
    cups("lp", "-d", "Slow", "-H", "hold", stdin=b"held\n")
    completed = wait_for(lambda: cups("lpstat", "-W", "completed", "-o"), "the completed job")
    assert completed.startswith("PDF-1 ")
    assert cups("lpstat", "-o").startswith("Slow-2 ")
    assert cups("lpstat", "-o", "PDF") == ""
    assert len(cups("lpstat", "-W", "all", "-o").splitlines()) == 2


def test_cancel_ends_a_waiting_job(cups: Cups) -> None:
    cups("lp", "-d", "Slow", "-H", "hold", stdin=b"held\n")
    cups("cancel", "Slow-1")
    assert cups("lpstat", "-o") == ""
    assert "can't cancel job 1: it is canceled" in cups("cancel", "Slow-1", status=1)


def test_cancel_a_ends_all_jobs_of_all_printers(cups: Cups) -> None:
    for printer in ("PDF", "Slow"):
        cups("lp", "-d", printer, "-H", "hold", stdin=b"held\n")
    cups("cancel", "-a")
    assert cups("lpstat", "-o") == ""


def test_cancel_a_of_one_printer_leaves_the_others_alone(cups: Cups) -> None:
    for printer in ("PDF", "Slow"):
        cups("lp", "-d", printer, "-H", "hold", stdin=b"held\n")
    cups("cancel", "-a", "Slow")
    assert cups("lpstat", "-o").startswith("PDF-1 ")


def test_lpq_lists_a_queue(cups: Cups) -> None:
    cups("lp", "-d", "Slow", "-H", "hold", "-t", "Plan", stdin=b"held\n")
    assert "Plan" in cups("lpq", "-P", "Slow")


def test_administration_as_with_cups(cups: Cups) -> None:
    cups("lpadmin", "-p", "New", "-E", "-v", "null:", "-D", "A new one", "-L", "Attic")
    assert "New" in cups("lpstat", "-e").split()
    assert "Attic" in cups("lpstat", "-l", "-p", "New")
    cups("cupsdisable", "New")
    assert "printer New disabled" in cups("lpstat", "-p", "New")
    cups("cupsenable", "New")
    cups("cupsreject", "New")
    assert "New not accepting requests" in cups("lpstat", "-a", "New")
    cups("cupsaccept", "New")
    cups("lpadmin", "-d", "New")
    assert cups("lpstat", "-d") == "system default destination: New\n"
    cups("lpadmin", "-x", "New")
    assert "New" not in cups("lpstat", "-e").split()
