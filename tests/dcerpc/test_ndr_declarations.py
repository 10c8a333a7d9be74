"""Declarations of structures and calls that make no sense are mistakes of ours, told at once."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import pytest

from pagebell.dcerpc.ndr import (
    DWORD,
    WORD,
    Call,
    Interface,
    Struct,
    array,
    count_of,
    size_is,
    wstr,
)


def test_a_declaration_that_names_no_field_is_refused() -> None:
    class Wrong(Struct):
        count: DWORD = count_of("absent")

    with pytest.raises(TypeError, match="absent"):
        Wrong.decode(b"")


def test_size_is_must_name_a_field() -> None:
    class Wrong(Struct):
        items: Annotated[array[WORD], size_is("nowhere")]

    with pytest.raises(TypeError, match="nowhere"):
        Wrong.decode(b"")


def test_two_calls_of_one_opnum_are_a_mistake() -> None:
    interface = Interface("twice", UUID(int=1), (1, 0))

    class First(Call, interface=interface, opnum=1):
        class Reply(Struct):
            text: wstr

    assert interface.calls == {1: First}
    with pytest.raises(TypeError, match="opnum 1"):

        class Second(Call, interface=interface, opnum=1):
            class Reply(Struct):
                text: wstr


def test_a_call_needs_a_reply() -> None:
    interface = Interface("silent", UUID(int=2), (1, 0))
    with pytest.raises(TypeError, match="no Reply"):

        class Silent(Call, interface=interface, opnum=1):
            text: wstr
