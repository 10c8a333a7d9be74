"""[MS-PAN] on the wire: octets worked out by hand from the IDL of [MS-PAN] 6, and impacket's encoder."""

from __future__ import annotations

from uuid import UUID

import pytest

from pagebell.dcerpc.ndr import ContextHandle, NdrError, Struct, Transfer
from pagebell.dcerpc.ndr.compiler import codec
from pagebell.winspool.idl import pan
from pagebell.winspool.idl.pan import (
    ASYNC_UI,
    NOTIFICATION_RELEASE,
    PrintAsyncNotifyConversationStyle,
    PrintAsyncNotifyUserFilter,
)

HANDLE = ContextHandle(UUID("11223344-5566-7788-99aa-bbccddeeff00"))
H = "00000000 44332211 66558877 99aabbcc ddeeff00"
NO_H = "00000000 00000000 00000000 00000000 00000000"
UI = "923f85f6 31eb 234e b6e7fd69056153f0"
RELEASE = "27509aba 0ea7 e74a 9b7deb3e06ad4157"

# Each: the value, its NDR, its NDR64. In NDR a pointer's referent is a 32-bit identifier, a conformance 32 bits;
# in NDR64 both have 64 bits and are aligned to eight ([MS-RPCE] 2.2.5).
VECTORS: dict[str, tuple[Struct, str, str]] = {
    "created": (
        pan.IRPCRemoteObject_Create.Reply(ppRemoteObj=HANDLE, result=0),
        f"{H} 00000000",
        f"{H} 00000000",
    ),
    "delete": (pan.IRPCRemoteObject_Delete(ppRemoteObj=HANDLE), H, H),
    "deleted": (pan.IRPCRemoteObject_Delete.Reply(), NO_H, NO_H),
    "register": (
        pan.IRPCAsyncNotify_RegisterClient(
            pRegistrationObj=HANDLE,
            pName="\\\\h\\q",
            pInNotificationType=ASYNC_UI,
            NotifyFilter=PrintAsyncNotifyUserFilter.kAllUsers,
            conversationStyle=PrintAsyncNotifyConversationStyle.kBiDirectional,
        ),
        f"{H} 00000200 06000000 00000000 06000000 5c005c00 68005c00 71000000 {UI} 01000000 00000000",
        f"{H} 00000000 0000020000000000 0600000000000000 0000000000000000 0600000000000000 5c005c00 68005c00 71000000"
        f" {UI} 01000000 00000000",
    ),
    "register for the server": (
        pan.IRPCAsyncNotify_RegisterClient(
            pRegistrationObj=HANDLE,
            pInNotificationType=ASYNC_UI,
            NotifyFilter=PrintAsyncNotifyUserFilter.kPerUser,
            conversationStyle=PrintAsyncNotifyConversationStyle.kUniDirectional,
        ),
        f"{H} 00000000 {UI} 00000000 01000000",
        f"{H} 00000000 0000000000000000 {UI} 00000000 01000000",
    ),
    "registered": (
        pan.IRPCAsyncNotify_RegisterClient.Reply(result=0x80070005),
        "00000000 05000780",
        "0000000000000000 05000780",
    ),
    "unregister": (pan.IRPCAsyncNotify_UnregisterClient(pRegistrationObj=HANDLE), H, H),
    "unregistered": (pan.IRPCAsyncNotify_UnregisterClient.Reply(), "00000000", "00000000"),
    "wait for channels": (pan.IRPCAsyncNotify_GetNewChannel(pRemoteObj=HANDLE), H, H),
    "channels": (
        pan.IRPCAsyncNotify_GetNewChannel.Reply(ppChannelCtxt=(HANDLE, HANDLE)),
        f"02000000 00000200 02000000 {H} {H} 00000000",
        f"02000000 00000000 0000020000000000 0200000000000000 {H} {H} 00000000",
    ),
    "no channel": (
        pan.IRPCAsyncNotify_GetNewChannel.Reply(result=0x8007071A),
        "00000000 00000000 1a070780",
        "00000000 00000000 0000000000000000 1a070780",
    ),
    "first look at a channel": (
        pan.IRPCAsyncNotify_GetNotificationSendResponse(pChannel=HANDLE),
        f"{H} 00000000 00000000 00000000",
        f"{H} 00000000 0000000000000000 00000000 00000000 0000000000000000",
    ),
    "response": (
        pan.IRPCAsyncNotify_GetNotificationSendResponse(
            pChannel=HANDLE, pInNotificationType=ASYNC_UI, pInNotificationData=b"abc"
        ),
        f"{H} 00000200 {UI} 03000000 04000200 03000000 616263",
        f"{H} 00000000 0000020000000000 {UI} 03000000 00000000 0400020000000000 0300000000000000 616263",
    ),
    "notification on a channel": (
        pan.IRPCAsyncNotify_GetNotificationSendResponse.Reply(
            pChannel=HANDLE, ppOutNotificationType=ASYNC_UI, ppOutNotificationData=b"abcd"
        ),
        f"{H} 00000200 {UI} 04000000 04000200 04000000 61626364 00000000",
        f"{H} 00000000 0000020000000000 {UI} 04000000 00000000 0400020000000000 0400000000000000 61626364 00000000",
    ),
    "somebody else's channel": (
        pan.IRPCAsyncNotify_GetNotificationSendResponse.Reply(ppOutNotificationType=NOTIFICATION_RELEASE),
        f"{NO_H} 00000200 {RELEASE} 00000000 00000000 00000000",
        f"{NO_H} 00000000 0000020000000000 {RELEASE} 00000000 00000000 0000000000000000 00000000",
    ),
    "wait for a notification": (pan.IRPCAsyncNotify_GetNotification(pRemoteObj=HANDLE), H, H),
    "notification": (
        pan.IRPCAsyncNotify_GetNotification.Reply(
            ppOutNotificationType=ASYNC_UI, ppOutNotificationData=b"ab"
        ),
        f"00000200 {UI} 02000000 04000200 02000000 6162 0000 00000000",
        f"0000020000000000 {UI} 02000000 00000000 0400020000000000 0200000000000000 6162 0000 00000000",
    ),
    "close": (
        pan.IRPCAsyncNotify_CloseChannel(pChannel=HANDLE, pInNotificationType=ASYNC_UI, pReason=b"abcd"),
        f"{H} {UI} 04000000 00000200 04000000 61626364",
        f"{H} {UI} 04000000 0000020000000000 0400000000000000 61626364",
    ),
    "closed": (
        pan.IRPCAsyncNotify_CloseChannel.Reply(result=0x00040010),
        f"{NO_H} 10000400",
        f"{NO_H} 10000400",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", VECTORS)
@pytest.mark.parametrize("transfer", Transfer)
def test_octets_are_those_of_the_idl(name: str, transfer: Transfer) -> None:
    value, ndr, ndr64 = VECTORS[name]
    octets = bytes.fromhex(ndr64 if transfer is Transfer.NDR64 else ndr)
    assert value.encode(transfer).hex(" ", 4) == octets.hex(" ", 4)
    assert type(value).decode(octets, transfer) == value


def test_each_message_of_both_interfaces_has_its_octets() -> None:
    """Create alone has none to ask with."""
    calls = [*pan.IRPCASYNCNOTIFY.calls.values(), *pan.IRPCREMOTEOBJECT.calls.values()]
    messages = {kind for call in calls for kind in (call, call.Reply)}  # type: ignore[attr-defined]
    assert messages - {type(value) for value, _, _ in VECTORS.values()} == {pan.IRPCRemoteObject_Create}
    assert len(messages) == 16
    assert pan.IRPCRemoteObject_Create().encode() == b""


@pytest.mark.parametrize("interface", [pan.IRPCASYNCNOTIFY, pan.IRPCREMOTEOBJECT], ids=lambda i: i.name)
def test_every_declaration_compiles(interface: object) -> None:
    for call in interface.calls.values():  # type: ignore[attr-defined]
        for transfer in Transfer:
            codec(call, transfer)
            codec(call.Reply, transfer)


def test_size_without_octets_is_refused() -> None:
    """[MS-PAN] 3.1.1.4: a null pointer with a size is an error."""
    octets = bytes.fromhex(f"{H} {UI} 04000000 00000000")
    with pytest.raises(NdrError, match="InSize"):
        pan.IRPCAsyncNotify_CloseChannel.decode(octets)


@pytest.mark.parametrize("number", [2, 0xFFFFFFFF])
def test_unknown_filter_is_refused(number: int) -> None:
    octets = bytearray.fromhex(VECTORS["register for the server"][1])
    octets[-8:-4] = number.to_bytes(4, "little")
    with pytest.raises(NdrError, match="NotifyFilter"):
        pan.IRPCAsyncNotify_RegisterClient.decode(bytes(octets))
