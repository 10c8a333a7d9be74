"""Custom-marshalled structures: where things stand in a buffer. Samba reads them in tests/interop/rpc."""

from __future__ import annotations

import contextlib
import struct
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagebell.model.document import Ticket
from pagebell.winspool import infos
from pagebell.winspool.buffers import Info, InfoError, layout, pack, unpack
from pagebell.winspool.devmode import encode
from pagebell.winspool.security import PRINTER_SECURITY
from pagebell.winspool.server.table import fill
from pagebell.winspool.werror import Win32, Win32Error

KINDS = [
    kind
    for kind in vars(infos).values()
    if isinstance(kind, type) and issubclass(kind, Info) and kind is not Info
]


def test_variable_data_fill_the_buffer_from_its_end() -> None:
    octets = pack(infos.PORT_INFO_1, [infos.PORT_INFO_1(pPortName="A"), infos.PORT_INFO_1(pPortName="BC")])
    first, second = struct.unpack_from("<2I", octets)
    assert len(octets) == 20
    assert octets[first : first + 4] == b"A\0\0\0"
    assert octets[4 + second : 4 + second + 6] == b"B\0C\0\0\0"
    assert first == len(octets) - 4


def test_blocks_stand_at_multiples_of_four() -> None:
    told = [infos.PRINTER_INFO_2(pServerName="x" * n, pDevMode=b"D" * 5) for n in range(5)]
    octets = pack(infos.PRINTER_INFO_2, told)
    size = layout(infos.PRINTER_INFO_2).fixed.size
    places = [n * size + struct.unpack_from("<I", octets, n * size + 28)[0] for n in range(5)]
    assert all(place % 4 == 0 and octets[place : place + 5] == b"DDDDD" for place in places)


def test_absent_is_zero_and_empty_is_not() -> None:
    octets = pack(infos.PRINTER_INFO_1, [infos.PRINTER_INFO_1(pName="")])
    _, description, name, _ = struct.unpack_from("<4I", octets)
    assert description == 0
    assert octets[name : name + 2] == b"\0\0" and name >= 16


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_structure_comes_back(kind: type[Info]) -> None:
    sizes = {"JOB_INFO_1": 64, "JOB_INFO_2": 104, "PRINTER_INFO_STRESS": 124, "PRINTER_INFO_2": 84}
    assert layout(kind).fixed.size == sizes.get(kind.__name__, layout(kind).fixed.size)
    assert unpack(kind, pack(kind, [kind(), kind()]), 2) == [kind(), kind()]


@given(st.lists(st.text(st.characters(exclude_characters="\0"), max_size=9) | st.none(), max_size=6))
def test_texts_come_back(names: list[str | None]) -> None:
    told = [infos.PRINTER_INFO_4(pPrinterName=n, pServerName=n, Attributes=7) for n in names]
    octets = pack(infos.PRINTER_INFO_4, told)
    assert unpack(infos.PRINTER_INFO_4, octets, len(told)) == told
    assert len(octets) % 4 == 0


@given(st.binary(max_size=80), st.sampled_from(KINDS))
def test_octets_give_structures_or_their_error(octets: bytes, kind: type[Info]) -> None:
    with contextlib.suppress(InfoError):
        unpack(kind, octets)


def test_a_devmode_and_a_security_descriptor_end_where_they_say() -> None:
    told = infos.PRINTER_INFO_2(
        pDevMode=encode(Ticket(), "p1", 300, color=True), pSecurityDescriptor=PRINTER_SECURITY
    )
    octets = pack(infos.PRINTER_INFO_2, [told, told])
    assert unpack(infos.PRINTER_INFO_2, octets, 2) == [told, told]
    for kind in (infos.PRINTER_INFO_3, infos.PRINTER_INFO_8):
        with pytest.raises(InfoError):
            unpack(kind, struct.pack("<I", 4) + b"\xff" * 76)


def memory(read: Callable[[], object]) -> int:
    tracemalloc.start(1)
    try:
        with contextlib.suppress(InfoError):
            read()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def printers_with_offsets(offset: Callable[[int, int], int], count: int = 200) -> bytes:
    """Structures whose offsets lead where the caller says, and a long text behind them."""
    size, letters = layout(infos.PRINTER_INFO_2).fixed.size, 100_000
    texts = set(range(13)) - {7, 12}
    rows = [[offset(n, i) - n * size if i in texts else 0 for i in range(21)] for n in range(count)]
    return b"".join(struct.pack("<21i", *row) for row in rows) + b"a\0" * letters + bytes(4)


def test_offsets_that_lead_to_one_text_share_it() -> None:
    octets = printers_with_offsets(lambda n, i: 200 * 84)
    assert memory(lambda: unpack(infos.PRINTER_INFO_2, octets, 200)) < 16 * len(octets)
    assert {len(one.pPrinterName or "") for one in unpack(infos.PRINTER_INFO_2, octets, 200)} == {100_000}


def test_offsets_into_each_others_texts_are_refused() -> None:
    octets = printers_with_offsets(lambda n, i: 200 * 84 + 2 * (13 * n + i))
    assert memory(lambda: unpack(infos.PRINTER_INFO_2, octets, 200)) < 16 * len(octets)
    with pytest.raises(InfoError, match="overlap"):
        unpack(infos.PRINTER_INFO_2, octets, 200)


def test_a_buffer_that_is_too_small_is_told_what_it_takes() -> None:
    told = [infos.PORT_INFO_1(pPortName="LPT1:")]
    needed = len(pack(infos.PORT_INFO_1, told))
    for size in (0, needed - 1):
        filled = fill(bytes(size), size, infos.PORT_INFO_1, told)
        assert (filled.needed, filled.returned, filled.result) == (needed, 0, Win32.INSUFFICIENT_BUFFER)
        assert filled.buffer == bytes(size)
    filled = fill(bytes(needed + 3), needed + 3, infos.PORT_INFO_1, told)
    assert filled.buffer is not None
    assert len(filled.buffer) == needed + 3
    assert (filled.returned, filled.result) == (1, 0)


@pytest.mark.parametrize(("buffer", "size"), [(None, 4), (b"", 4), (b"12345", 4)])
def test_a_buffer_of_another_size_than_told_is_refused(buffer: bytes | None, size: int) -> None:
    with pytest.raises(Win32Error, match="INVALID_USER_BUFFER"):
        fill(buffer, size, infos.PORT_INFO_1, [])
