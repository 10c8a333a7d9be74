"""[MS-PAN]'s messages, encoded by impacket's NDR and by ours, in both transfer syntaxes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from pagebell.dcerpc.ndr import Transfer
from tests.winspool.test_pan_octets import VECTORS

PADDING = (0xAA, 0xBF)
"""What impacket fills gaps with; ours are zero, and any will do (C706 14.2.2)."""


@pytest.fixture(scope="module")
def theirs(impacket_python: str) -> dict[str, list[str]]:
    script = Path(__file__).with_name("impacket_pan.py")
    run = subprocess.run(
        [impacket_python, str(script)], capture_output=True, text=True, check=True, timeout=60
    )
    found: dict[str, list[str]] = json.loads(run.stdout)
    return found


@pytest.mark.parametrize("name", VECTORS)
@pytest.mark.parametrize("transfer", Transfer)
def test_octets_equal_those_of_impackets_encoder(
    theirs: dict[str, list[str]], name: str, transfer: Transfer
) -> None:
    value, _, _ = VECTORS[name]
    octets = bytes.fromhex(theirs[name][transfer is Transfer.NDR64])
    ours = value.encode(transfer)
    assert len(ours) == len(octets)
    unlike = [(mine, its) for mine, its in zip(ours, octets, strict=True) if mine != its]
    assert all(mine == 0 and its in PADDING for mine, its in unlike)
    assert type(value).decode(octets, transfer) == value
