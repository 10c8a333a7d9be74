"""[MS-PAN]'s messages, encoded by impacket's NDR and by ours."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.winspool.test_pan_octets import VECTORS


def test_octets_equal_those_of_impackets_encoder(impacket_python: str) -> None:
    """NDR alone; a padding octet of impacket's is 0xBF, ours are zero, and any will do (C706 14.2.2)."""
    script = Path(__file__).with_name("impacket_pan.py")
    run = subprocess.run(
        [impacket_python, str(script)], capture_output=True, text=True, check=True, timeout=60
    )
    theirs: dict[str, str] = json.loads(run.stdout)
    assert len(theirs) == 8
    for name, octets in theirs.items():
        value, _, _ = VECTORS[name]
        assert value.encode().hex() == octets.replace("6162bfbf", "61620000"), name
        assert type(value).decode(bytes.fromhex(octets)) == value
