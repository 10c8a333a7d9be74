"""Who may print, as Samba's library reads and writes it: the rules of `[access]` in Windows' words, and back."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server import ServerProcess

SCRIPT = Path(__file__).with_name("security_by_samba.py")
PASSWORD = "Secret123"
SETTINGS = '[access]\nprint = ["alice", "@staff"]\n[access.groups]\nstaff = ["bob"]\n'
STRANGER = "S-1-5-21-9-9-9-1234"
Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    running = ServerProcess(tmp_path_factory.mktemp("server"), settings=SETTINGS, rpc="127.0.0.1:0")
    for name in ("alice", "bob", "eve"):
        running.add_user(name, PASSWORD)
    running.add_user("root", PASSWORD, "--admin")
    with running:
        yield running


@pytest.fixture
def ask(samba_python: str, server: ServerProcess, tmp_path: Path) -> Ask:
    """Opens the printer as somebody, and may set its descriptor."""
    smb = tmp_path / "smb.conf"
    names = ("private dir", "lock directory", "state directory", "cache directory")
    smb.write_text("[global]\nworkgroup = WORKGROUP\n" + "".join(f"{n} = {tmp_path}\n" for n in names))

    def call(user: str, *wanted: str) -> dict[str, Any]:
        binding = f"ncacn_ip_tcp:127.0.0.1[{server.rpc_port},seal]"
        run = subprocess.run(
            [samba_python, str(SCRIPT), str(smb), binding, user, PASSWORD, "PDF", *wanted],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=tmp_path,
        )
        assert run.returncode == 0, run.stderr
        told: dict[str, Any] = json.loads(run.stdout)
        return told

    return call


def may_print(ask: Ask) -> list[str]:
    return [user for user in ("alice", "bob", "eve", "root") if "refused" not in ask(user)]


def test_rules_are_a_descriptor_and_a_descriptor_is_rules(ask: Ask) -> None:
    told = ask("root")["sddl"]
    staff, alice = re.findall(r"\(A;;RCSW;;;(S-1-5-21-[\d-]+)\)", told)
    assert staff.rpartition("-")[0] == alice.rpartition("-")[0]
    assert "WD" not in told.partition("D:")[2].replace("WOWD", "")
    assert may_print(ask) == ["alice", "bob", "root"]
    for who, users in ((alice, ["alice", "root"]), (staff, ["bob", "root"]), (STRANGER, ["root"])):
        # Somebody whom nobody knows stays in the descriptor: they may come by a domain.
        assert ask("root", f"D:(A;;0x20008;;;{who})")["sddl"].endswith(f"D:(A;;RCSW;;;{who})")
        assert may_print(ask) == users
    ask("root", f"D:(D;;0x8;;;{alice})(A;;0x20008;;;AU)")
    assert may_print(ask) == ["bob", "eve", "root"]
    assert "refused" in ask("alice", "D:(A;;0x20008;;;WD)")
