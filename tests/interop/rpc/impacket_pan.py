"""Run by a Python that has impacket: [MS-PAN]'s messages in its NDR, printed as JSON, octets by name.

impacket has no MS-PAN of its own, so the messages are put together here from its primitives, by the IDL.
"""

import json
import uuid

from impacket.dcerpc.v5 import ndr
from impacket.dcerpc.v5.dtypes import GUID, LPWSTR, NULL, PGUID, ULONG
from impacket.dcerpc.v5.ndr import NDRCALL, NDRENUM, NDRPOINTER, NDRSTRUCT, NDRUniConformantArray

HANDLE = bytes(4) + uuid.UUID("11223344-5566-7788-99aa-bbccddeeff00").bytes_le
UI = uuid.UUID("f6853f92-eb31-4e23-b6e7-fd69056153f0").bytes_le


class Referents:
    """In the place of the module `random`, which impacket takes identifiers of referents from."""

    def __init__(self):
        self.last = 0x20000 - 4

    def randint(self, low, high):
        self.last += 4
        return self.last


class CONTEXT(NDRSTRUCT):
    align = 1
    structure = (("Data", "20s=b''"),)

    def getAlignment(self):
        return 4


class V1ENUM(NDRENUM):
    class enumItems:
        pass

    structure = (("Data", "<L"),)


class OCTETS(NDRUniConformantArray):
    item = "c"


class P_OCTETS(NDRPOINTER):
    referent = (("Data", OCTETS),)


class CONTEXTS(NDRUniConformantArray):
    item = CONTEXT


class P_CONTEXTS(NDRPOINTER):
    referent = (("Data", CONTEXTS),)


class RegisterClient(NDRCALL):
    opnum = 0
    structure = (
        ("object", CONTEXT),
        ("pName", LPWSTR),
        ("type", GUID),
        ("filter", ULONG),
        ("style", ULONG),
    )


class ObjectCall(NDRCALL):
    structure = (("object", CONTEXT),)


class ObjectReply(NDRCALL):
    structure = (("object", CONTEXT), ("ErrorCode", ULONG))


class Reply(NDRCALL):
    structure = (("ErrorCode", ULONG),)


class RegisterReply(NDRCALL):
    structure = (("referral", LPWSTR), ("ErrorCode", ULONG))


class GetNewChannelReply(NDRCALL):
    structure = (("count", ULONG), ("channels", P_CONTEXTS), ("ErrorCode", ULONG))


class SendResponse(NDRCALL):
    opnum = 4
    structure = (("channel", CONTEXT), ("type", PGUID), ("size", ULONG), ("data", P_OCTETS))


class SendResponseReply(NDRCALL):
    structure = (
        ("channel", CONTEXT),
        ("type", PGUID),
        ("size", ULONG),
        ("data", P_OCTETS),
        ("ErrorCode", ULONG),
    )


class GetNotificationReply(NDRCALL):
    structure = (("type", PGUID), ("size", ULONG), ("data", P_OCTETS), ("ErrorCode", ULONG))


class CloseChannel(NDRCALL):
    opnum = 6
    structure = (("channel", CONTEXT), ("type", GUID), ("size", ULONG), ("data", P_OCTETS))


def context(octets=HANDLE):
    value = CONTEXT()
    value["Data"] = octets
    return value


def encoded(kind, values, ndr64):
    ndr.random = Referents()
    call = kind(isNDR64=ndr64)
    for name, value in values.items():
        call[name] = value
    return call.getData().hex()


def octets(data):
    return [bytes([octet]) for octet in data]


NONE = bytes(20)
RELEASE = uuid.UUID("ba9a5027-a70e-4ae7-9b7d-eb3e06ad4157").bytes_le
MESSAGES = {
    "created": (ObjectReply, {"object": context(), "ErrorCode": 0}),
    "delete": (ObjectCall, {"object": context()}),
    "deleted": (ObjectCall, {"object": context(NONE)}),
    "register": (
        RegisterClient,
        {"object": context(), "pName": "\\\\h\\q\0", "type": UI, "filter": 1, "style": 0},
    ),
    "register for the server": (
        RegisterClient,
        {"object": context(), "pName": NULL, "type": UI, "filter": 0, "style": 1},
    ),
    "registered": (RegisterReply, {"referral": NULL, "ErrorCode": 0x80070005}),
    "unregister": (ObjectCall, {"object": context()}),
    "unregistered": (Reply, {"ErrorCode": 0}),
    "wait for channels": (ObjectCall, {"object": context()}),
    "channels": (GetNewChannelReply, {"count": 2, "channels": [context(), context()], "ErrorCode": 0}),
    "no channel": (GetNewChannelReply, {"count": 0, "channels": NULL, "ErrorCode": 0x8007071A}),
    "first look at a channel": (SendResponse, {"channel": context(), "type": NULL, "size": 0, "data": NULL}),
    "response": (SendResponse, {"channel": context(), "type": UI, "size": 3, "data": octets(b"abc")}),
    "notification on a channel": (
        SendResponseReply,
        {"channel": context(), "type": UI, "size": 4, "data": octets(b"abcd"), "ErrorCode": 0},
    ),
    "somebody else's channel": (
        SendResponseReply,
        {"channel": context(NONE), "type": RELEASE, "size": 0, "data": NULL, "ErrorCode": 0},
    ),
    "wait for a notification": (ObjectCall, {"object": context()}),
    "notification": (GetNotificationReply, {"type": UI, "size": 2, "data": octets(b"ab"), "ErrorCode": 0}),
    "close": (CloseChannel, {"channel": context(), "type": UI, "size": 4, "data": octets(b"abcd")}),
    "closed": (ObjectReply, {"object": context(NONE), "ErrorCode": 0x00040010}),
}
print(
    json.dumps(
        {
            name: [encoded(kind, values, ndr64) for ndr64 in (False, True)]
            for name, (kind, values) in MESSAGES.items()
        }
    )
)
