"""A pipe that smbd hands over: who its user is, what is refused, and messages both ways."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagebell.dcerpc.client_association import Acknowledged, Answered, ClientAssociation
from pagebell.dcerpc.named_pipe import PipeSession, read_request, reply
from pagebell.dcerpc.ndr import Transfer
from pagebell.dcerpc.pipe_server import PipeError, listen_for_smbd
from pagebell.dcerpc.security import SecurityError
from pagebell.dcerpc.server import RpcServer
from pagebell.dcerpc.service import syntax
from tests.dcerpc.servers import BELL, Bell, Echo

REQUEST = bytes.fromhex(
    "000002c94e50414d070000000700000001000000000002000400020086800000080002000c000200bd01000010000200"
    "030000000000000003000000766d00000a000000000000000a0000003132372e302e302e310000000300000000000000"
    "03000000766d00000b000000000000000b0000003132372e302e302e323200001400020000000000180002001c000200"
    "20000200240002000000000010000000c87b39c970f8eb707ef3bf627e9f433b00000000d42180ad367de841aee9bf9a"
    "3f44c114000000000800000008000000010500000000000515000000b4c2c945baccbe291d0c1373e803000001050000"
    "0000000515000000b4c2c945baccbe291d0c137301020000010200000000001602000000000000000101000000000001"
    "0000000001010000000000050200000001010000000000050b0000000102000000000016010000000000000001020000"
    "000000162485a97900000000000000000000000000000000000000000100000000000000000000000000000000000000"
    "010000000000000000000000000000002800020000000000000000002c00020000000000300002003400020038000200"
    "3c00020040000200440002000000000000000000ffffffffffffff7fffffffffffffff7f80479ded217add0180479ded"
    "217add01ffffffffffffff7f000000001000000001000000050000000000000005000000726f6f740000000005000000"
    "00000000050000005045455200000000050000000000000005000000726f6f7400000000010000000000000001000000"
    "000000001400000000000000140000005c5c504545525c726f6f745c70726f66696c65000c000000000000000c000000"
    "5c5c504545525c726f6f7400010000000000000001000000000000000500000000000000050000005045455200000000"
    "480002004c000200050000000000000005000000726f6f7400000000050000000000000005000000726f6f7400"
)
"""What smbd 4.17.12 sent for `root` of its own users, length and all."""
REQUEST_8 = bytes.fromhex(
    "000003114e50414d0800000008000000010000000000020004000200e8d50000080002000c000200bd01000010000200"
    "030000000000000003000000766d00000a000000000000000a0000003132372e302e302e310000000300000000000000"
    "03000000766d00000b000000000000000b0000003132372e302e302e323300001400020000000000180002001c000200"
    "200002002400020000000000100000004a47e56e6b65f047e3f3b2c88469117a00000000a5a4a4afce7b114eb49e9925"
    "2b8e2eb2000000000900000009000000010500000000000515000000e46f6d0cb9843b88fd6ad11be803000001050000"
    "0000000515000000e46f6d0cb9843b88fd6ad11b01020000010200000000001602000000000000000101000000000001"
    "0000000001010000000000050200000001010000000000050b0000000102000000000016010000000000000001040000"
    "0000001633414d5311030000020000000200000001020000000000162485a97900000000000000000000000000000000"
    "000000000000000000000000000000000000000000000000000000000000000000000000010000000100000000000000"
    "00000000000000000000000000000000010000000000000000000000000000002800020000000000000000002c000200"
    "000000003000020034000200380002003c00020040000200440002000000000000000000ffffffffffffff7fffffffff"
    "ffffff7f802b84bf527add01802b84bf527add01ffffffffffffff7f0000000010000000200100000500000000000000"
    "05000000726f6f740000000006000000000000000600000046524f4e54000000050000000000000005000000726f6f74"
    "00000000010000000000000001000000000000001500000000000000150000005c5c46524f4e545c726f6f745c70726f"
    "66696c65000000000d000000000000000d0000005c5c46524f4e545c726f6f7400000000010000000000000001000000"
    "0000000006000000000000000600000046524f4e54000000480002004c000200050000000000000005000000726f6f74"
    "00000000050000000000000005000000726f6f7400"
)
"""What smbd 4.22.6 sent for its user `root` (Debian's samba 2:4.22.6+dfsg-0+deb13u1~bpo12+1), length and all."""
OF_A_DEVICE = bytes.fromhex(
    "0000020e4e50414d0800000008000000010000000000020004000200e8d50000080002000c000200bd01000010000200"
    "030000000000000003000000766d00000a000000000000000a0000003132372e302e302e310000000300000000000000"
    "03000000766d00000b000000000000000b0000003132372e302e302e323300001400020000000000180002001c000200"
    "200002002400020000000000000000000000000000000000000000000000000000000000000000000200000002000000"
    "010500000000000515000000010000000200000003000000e803000001010000000000050b0000000000000000000000"
    "000000000000000000000000000000000100000000000000000000000000000001000000010200000000000520000000"
    "20020000020000000200000000000000e803000000000000640000000000000002000000000000006400000000000000"
    "65000000000000002800020000000000000000002c000200000000000000000000000000000000000000000000000000"
    "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000060000000000000006000000616c696365000000040000000000000004000000"
    "444f4d003000020034000200060000000000000006000000616c696365000000060000000000000006000000616c6963"
    "6500"
)
"""What the library of the same packs for alice at a computer whose own groups count, too; it reads it back."""
REPLY_8 = bytes.fromhex("000000204e50414d08000000080000000200ff0500000000001000000000000000000000")
"""What the library of the same reads as an answer, and packs again."""


def test_user_is_whom_smbd_names() -> None:
    found = read_request(REQUEST[4:])
    assert (found.client, found.server, found.uid, found.level) == ("127.0.0.1", "127.0.0.22", 0, 7)
    assert (found.principal.name, found.principal.realm) == ("root", "PEER")
    assert {"S-1-5-11", "S-1-22-1-0", "S-1-22-2-0"} <= found.principal.groups


AUTHENTICATED = bytes.fromhex("01010000000000050b000000")
GUESTS = bytes.fromhex("010100000000000502000000")


@pytest.mark.parametrize("request_", [REQUEST, REQUEST_8])
def test_guest_is_nobody_in_particular(request_: bytes) -> None:
    """Who is not among the authenticated users."""
    assert request_.count(AUTHENTICATED) == 1
    assert read_request(request_.replace(AUTHENTICATED, GUESTS)[4:]).principal.anonymous


@pytest.mark.parametrize("flags", [0, 0x20, 0x100, 0x120])
def test_flags_of_samba_4_19_stand_where_others_say_whether_it_is_a_guest(flags: int) -> None:
    """It has auth_user_info of level 8 in a request of level 7 (librpc/idl/auth.idl of samba-4.19.0)."""
    octets = bytearray(REQUEST)
    octets[0x1F4:0x1F8] = flags.to_bytes(4, "little")
    assert read_request(bytes(octets[4:])).principal.name == "root"
    octets[0x1F4:0x1F8] = (1).to_bytes(4, "little")  # NETLOGON_GUEST
    assert read_request(bytes(octets).replace(AUTHENTICATED, GUESTS)[4:]).principal.anonymous


def test_newest_level_is_read_as_well() -> None:
    found = read_request(REQUEST_8[4:])
    assert (found.client, found.server, found.uid, found.level) == ("127.0.0.1", "127.0.0.23", 0, 8)
    assert (found.principal.name, found.principal.realm) == ("root", "FRONT")
    assert {"S-1-5-11", "S-1-22-1-0", "S-1-22-2-0"} <= found.principal.groups
    assert reply(8) == REPLY_8


def test_groups_of_a_users_computer_are_not_the_users() -> None:
    found = read_request(OF_A_DEVICE[4:])
    assert (found.principal.name, found.principal.realm, found.uid) == ("alice", "DOM", 1000)
    assert "S-1-5-32-544" not in found.principal.groups


def test_claims_are_refused() -> None:
    """Samba itself can't read a session that it has packed with some."""
    for kind in range(3):
        octets = bytearray(REQUEST_8)
        octets[0x184 + 4 * kind] = 1
        with pytest.raises(SecurityError, match="claims"):
            read_request(bytes(octets[4:]))


@given(st.sampled_from([REQUEST, REQUEST_8, OF_A_DEVICE]), st.floats(0, 1), st.binary(max_size=8))
def test_octets_of_any_kind_are_a_session_or_refused(request: bytes, part: float, other: bytes) -> None:
    at = max(4, int(len(request) * part))
    changed = request[:at] + other + request[at + len(other) :]
    for octets in (request[4:at], changed[4:]):
        with contextlib.suppress(SecurityError):
            assert isinstance(read_request(octets), PipeSession)


async def speak(path: Path, request: bytes = REQUEST) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(request)
    return reader, writer


async def test_calls_come_as_messages_and_are_the_users(tmp_path: Path) -> None:
    path = tmp_path / "spoolss"
    client = ClientAssociation()

    async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> list[object]:
        octets = client.data_to_send()
        while octets:  # each PDU is a message
            size = int.from_bytes(octets[8:10], "little")
            writer.write(size.to_bytes(2, "little") + octets[:size])
            octets = octets[size:]
        events: list[object] = []
        while not events:
            size = int.from_bytes(await reader.readexactly(2), "little")
            message = await reader.readexactly(size)
            assert int.from_bytes(message[8:10], "little") == size
            events += client.receive(message)
        return events

    data = os.urandom(20_000)
    async with asyncio.timeout(10), listen_for_smbd(RpcServer([Bell().service()]), path, uid=os.geteuid()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        reader, writer = await speak(path)
        assert await reader.readexactly(36) == reply(7)
        client.bind(syntax(BELL))
        (event,) = await exchange(reader, writer)
        assert isinstance(event, Acknowledged)
        client.request(syntax(BELL), Echo.opnum, Echo(data=data).encode(Transfer.NDR))
        (event,) = await exchange(reader, writer)
        assert isinstance(event, Answered)
        answer = Echo.Reply.decode(event.stub)
        assert (answer.data, answer.caller) == (data, "PEER\\root")
        writer.close()
    assert not path.exists()


WRONG = [b"\0\0\0\4NPAM", bytes(4) + REQUEST[4:], b"\x7f" + REQUEST[1:], b"GET / HTTP/1.1\r\n\r\n"]


@pytest.mark.parametrize("request_", WRONG)
async def test_what_is_no_handshake_is_hung_up_on(tmp_path: Path, request_: bytes) -> None:
    path = tmp_path / "spoolss"
    async with asyncio.timeout(10), listen_for_smbd(RpcServer(), path, uid=os.geteuid()):
        reader, writer = await speak(path, request_)
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()


async def test_other_users_processes_are_hung_up_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "spoolss"
    async with asyncio.timeout(10), listen_for_smbd(RpcServer(), path, uid=os.geteuid() + 1):
        reader, writer = await speak(path)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()
    assert "is not smbd" in caplog.text


async def test_socket_in_use_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "spoolss"
    async with listen_for_smbd(RpcServer(), path):
        with pytest.raises(PipeError, match="another program"):
            async with listen_for_smbd(RpcServer(), path):
                raise AssertionError
    path.write_text("precious")
    with pytest.raises(PipeError, match="something else"):
        async with listen_for_smbd(RpcServer(), path):
            raise AssertionError
    assert path.read_text() == "precious"
