"""`make demo`: the whole way of two documents, from the command to the last sheet, and of a question."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

from tests.server import PAGEBELL

PLAY = r"""pagebell serve --config .*
Ready\.

\$ pagebell print hello\.pdf --to ipp://127\.0\.0\.1:\d+/ipp/print/Demo
.*hello\.pdf: Printed: 2 pages\.

Now as Windows does it: .*
\$ pagebell print sides\.pdf --to par://127\.0\.0\.1:\d+/Office .*
sides\.pdf: Printing: 2 .*
Second sides: Turn the printed pages .*
The demo answers: ok\.
.*sides\.pdf: Printed: 4 pages\.
.*
"""


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(folder), "HOME": str(folder / "home"), "NO_COLOR": "1"}


def test_demo_prints_answers_for_the_second_sides_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = subprocess.run(
        [PAGEBELL, "demo", "--pages", "2"],
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(PLAY, done.stdout, re.DOTALL), done.stdout
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_demo_that_is_broken_off_leaves_nothing_behind(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [PAGEBELL, "demo"],
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout is not None
        while "hello.pdf: Printing: 1 of" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGHUP)
        process.stdout.read()
        assert process.wait(60) == 128 + signal.SIGHUP
    assert list(tmp_path.iterdir()) == []


def test_demo_without_pages_is_refused_in_a_sentence() -> None:
    done = subprocess.run(
        [PAGEBELL, "demo", "--pages", "0"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr == "pagebell: The document can have from 1 to 1000 pages.\n"
