"""[MS-PAN] IRPCAsyncNotify and IRPCRemoteObject: typed notifications from the server, and answers to them."""

from __future__ import annotations

from enum import IntEnum
from typing import Final
from uuid import UUID

from pagebell.dcerpc.ndr import (
    DWORD,
    GUID,
    Call,
    ContextHandle,
    Enum32,
    Interface,
    Struct,
    array,
    blob,
    context_handle,
    count_of,
    wstr,
)

IRPCASYNCNOTIFY: Final = Interface("IRPCAsyncNotify", UUID("0b6edbfa-4a24-4fc6-8a23-942b1eca65d1"), (1, 0))
IRPCREMOTEOBJECT: Final = Interface("IRPCRemoteObject", UUID("ae33069b-a2a8-46ee-a235-ddfd339be281"), (1, 0))

NOTIFICATION_RELEASE: Final = UUID("ba9a5027-a70e-4ae7-9b7d-eb3e06ad4157")
"""No notification type, but the word that nothing more will come. [MS-PAN] 2.2.1"""
ASYNC_UI: Final = UUID("f6853f92-eb31-4e23-b6e7-fd69056153f0")
"""AsyncPrintNotificationType_AsyncUI. [MS-PAN] 2.2.1 and 2.2.7"""
PRINTER_CONFIGURATION: Final = UUID("2abad223-b994-4aca-82fd-4571b1b585ac")
"""AsyncPrintNotificationType_PrinterConfiguration. [MS-PAN] 2.2.1 and 2.2.8"""
MOST_OCTETS: Final = 0x00A00000
"""The largest response, and the largest notification. [MS-PAN] 3.1.1.4.4"""

PRPCREMOTEOBJECT = context_handle
PNOTIFYOBJECT = context_handle
HRESULT = DWORD
PrintAsyncNotificationType = GUID
NO_HANDLE: Final = ContextHandle()


class PanResult(IntEnum):
    """What the methods return, besides what every one may. [MS-PAN] 3.1.1.4"""

    SUCCESS = 0
    ACQUIRED_BY_ANOTHER = 0x00040010
    """Success, as far as the client is concerned."""
    CHANNEL_CLOSED = 0x80040008
    STILL_WAITING = 0x8004000C
    RESPONSE_TOO_LARGE = 0x80040012
    OTHER_TYPE = 0x80040014
    ACCESS_DENIED = 0x80070005
    OUT_OF_MEMORY = 0x8007000E
    TOO_MANY_REGISTRATIONS = 0x80070015
    INVALID_PARAMETER = 0x80070057
    INVALID_NAME = 0x8007007B
    TERMINATED = 0x8007071A


class PrintAsyncNotifyUserFilter(Enum32):
    """Whose notifications a client asks for. [MS-PAN] 2.2.2"""

    kPerUser = 0
    kAllUsers = 1


class PrintAsyncNotifyConversationStyle(Enum32):
    """Whether the sender expects answers. [MS-PAN] 2.2.3"""

    kBiDirectional = 0
    kUniDirectional = 1


class IRPCRemoteObject_Create(Call, interface=IRPCREMOTEOBJECT, opnum=0):
    """Make a remote object, which a registration is then tied to. [MS-PAN] 3.1.2.4.1"""

    class Reply(Struct):
        """Its handle."""

        ppRemoteObj: PRPCREMOTEOBJECT = NO_HANDLE
        result: HRESULT = 0


class IRPCRemoteObject_Delete(Call, interface=IRPCREMOTEOBJECT, opnum=1):
    """Destroy a remote object; a method without a result. [MS-PAN] 3.1.2.4.2"""

    ppRemoteObj: PRPCREMOTEOBJECT

    class Reply(Struct):
        """No handle any more."""

        ppRemoteObj: PRPCREMOTEOBJECT = NO_HANDLE


class IRPCAsyncNotify_RegisterClient(Call, interface=IRPCASYNCNOTIFY, opnum=0):
    """Ask for the notifications of one type, of a printer or of the server. [MS-PAN] 3.1.1.4.1"""

    pRegistrationObj: PRPCREMOTEOBJECT
    pName: wstr | None = None
    pInNotificationType: PrintAsyncNotificationType
    NotifyFilter: PrintAsyncNotifyUserFilter
    conversationStyle: PrintAsyncNotifyConversationStyle

    class Reply(Struct):
        """How it went; the referral is always null."""

        ppRmtServerReferral: wstr | None = None
        result: HRESULT = 0


class IRPCAsyncNotify_UnregisterClient(Call, interface=IRPCASYNCNOTIFY, opnum=1):
    """End a registration. [MS-PAN] 3.1.1.4.2"""

    pRegistrationObj: PRPCREMOTEOBJECT

    class Reply(Struct):
        """How it went."""

        result: HRESULT = 0


class IRPCAsyncNotify_GetNewChannel(Call, interface=IRPCASYNCNOTIFY, opnum=3):
    """Wait for channels on which a source wants an answer. [MS-PAN] 3.1.1.4.3"""

    pRemoteObj: PRPCREMOTEOBJECT

    class Reply(Struct):
        """The channels."""

        pNoOfChannels: DWORD = count_of("ppChannelCtxt")
        ppChannelCtxt: array[PNOTIFYOBJECT] | None = None
        result: HRESULT = 0


class IRPCAsyncNotify_GetNotificationSendResponse(Call, interface=IRPCASYNCNOTIFY, opnum=4):
    """Answer the last notification of a channel, and wait for its next. [MS-PAN] 3.1.1.4.4"""

    pChannel: PNOTIFYOBJECT
    pInNotificationType: PrintAsyncNotificationType | None = None
    InSize: DWORD = count_of("pInNotificationData")
    pInNotificationData: blob | None = None

    class Reply(Struct):
        """The next notification; a null handle when the channel is closed, or somebody else's."""

        pChannel: PNOTIFYOBJECT = NO_HANDLE
        ppOutNotificationType: PrintAsyncNotificationType | None = None
        pOutSize: DWORD = count_of("ppOutNotificationData")
        ppOutNotificationData: blob | None = None
        result: HRESULT = 0


class IRPCAsyncNotify_GetNotification(Call, interface=IRPCASYNCNOTIFY, opnum=5):
    """Wait for a notification that wants no answer. [MS-PAN] 3.1.1.4.5"""

    pRemoteObj: PRPCREMOTEOBJECT

    class Reply(Struct):
        """The notification."""

        ppOutNotificationType: PrintAsyncNotificationType | None = None
        pOutSize: DWORD = count_of("ppOutNotificationData")
        ppOutNotificationData: blob | None = None
        result: HRESULT = 0


class IRPCAsyncNotify_CloseChannel(Call, interface=IRPCASYNCNOTIFY, opnum=6):
    """Answer for the last time, and close the channel. [MS-PAN] 3.1.1.4.6"""

    pChannel: PNOTIFYOBJECT
    pInNotificationType: PrintAsyncNotificationType
    InSize: DWORD = count_of("pReason")
    pReason: blob | None = None

    class Reply(Struct):
        """No handle any more."""

        pChannel: PNOTIFYOBJECT = NO_HANDLE
        result: HRESULT = 0
