"""The README's examples are run as they stand there."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from tests.server import ServerProcess

README = (Path(__file__).parents[2] / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_client_example_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ServerProcess(tmp_path) as server:
        text = BLOCKS[0].replace("127.0.0.1:8631", server.authority)
        exec(compile(text, "README.md", "exec"), {})
    assert capsys.readouterr().out == "PDF\n"


def test_example_of_a_test_passes() -> None:
    names: dict[str, Any] = {}
    exec(compile(BLOCKS[1], "README.md", "exec"), names)
    asyncio.run(names["test_printer_says_when_paper_is_out"]())
