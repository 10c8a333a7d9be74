"""[MS-PAN]: what sources on the server say to people, and ask them. Sections 3.1.1 to 3.1.4.

A registration for one direction is a subscription to the event log's notices; one for both directions sees the open
dialogs. What a client has been given is its own: a remote object, and for each dialog a channel.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from typing import Any, Final, cast
from uuid import UUID

from pagebell.dcerpc.limits import Limits
from pagebell.dcerpc.ndr import Call, ContextHandle, Struct
from pagebell.dcerpc.security import Level
from pagebell.dcerpc.service import Caller, Handler, Service
from pagebell.dcerpc.status import Fault
from pagebell.model.access import Principal, Right
from pagebell.model.errors import NotFound, Refusal, TooLarge, TooMany, Unsupported, WrongState
from pagebell.model.event import EventKind, PrinterName
from pagebell.model.printer import Printer
from pagebell.model.subscription import Scope, SubscriptionId
from pagebell.spooler.dialogs import Dialog
from pagebell.spooler.intake import SubscriptionWish
from pagebell.winspool.asyncui_xml import AsyncUIError, AsyncUITooLarge
from pagebell.winspool.idl.pan import (
    IRPCASYNCNOTIFY,
    IRPCREMOTEOBJECT,
    MOST_OCTETS,
    NOTIFICATION_RELEASE,
    PRINTER_CONFIGURATION,
    IRPCAsyncNotify_CloseChannel,
    IRPCAsyncNotify_GetNewChannel,
    IRPCAsyncNotify_GetNotification,
    IRPCAsyncNotify_GetNotificationSendResponse,
    IRPCAsyncNotify_RegisterClient,
    IRPCAsyncNotify_UnregisterClient,
    IRPCRemoteObject_Create,
    IRPCRemoteObject_Delete,
    PanResult,
    PrintAsyncNotifyConversationStyle,
    PrintAsyncNotifyUserFilter,
)
from pagebell.winspool.server.desk import Desk
from pagebell.winspool.server.names import parse
from pagebell.winspool.server.pan_objects import (
    Channel,
    PanRefusal,
    Registration,
    RemoteObject,
    alone,
    first_of,
    leave,
)
from pagebell.winspool.server.spoken import answer_of, configuration, octets_of
from pagebell.winspool.server.watching import PAN_METHOD
from pagebell.winspool.werror import Win32Error, code_of, hresult_of

log = logging.getLogger(__name__)

MOST_REGISTRATIONS: Final = 5_000
"""Of all clients together. [MS-PAN] 3.1.1.4.1: 0x80070015 beyond that"""
MOST_OF_ONE: Final = 256
"""Of one user."""
LIMITS: Final = Limits(larger={IRPCASYNCNOTIFY.uuid: MOST_OCTETS + (64 << 10)})
"""A response may be larger than other calls; one that is a little too large gets an answer. [MS-PAN] 3.1.1.4.4"""
AT_ONCE: Final = 16
"""Events that are read in one go."""


class Switchboard:
    """All registrations of all clients, and the calls."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._registered: Counter[str] = Counter()

    # --- remote objects ---

    async def create(self, caller: Caller, call: IRPCRemoteObject_Create) -> IRPCRemoteObject_Create.Reply:
        """[MS-PAN] 3.1.2.4.1"""
        try:
            return IRPCRemoteObject_Create.Reply(
                ppRemoteObj=caller.handles.open(RemoteObject(), self.run_down)
            )
        except Fault:
            raise PanRefusal(PanResult.OUT_OF_MEMORY) from None

    async def delete(self, caller: Caller, call: IRPCRemoteObject_Delete) -> IRPCRemoteObject_Delete.Reply:
        """[MS-PAN] 3.1.2.4.2: one that is registered still is unregistered first."""
        remote = caller.handles.close(call.ppRemoteObj, RemoteObject)
        remote.deleted = True
        await self.run_down(remote)
        return IRPCRemoteObject_Delete.Reply()

    async def run_down(self, remote: RemoteObject) -> None:
        """Its client is gone, or wants no more of it."""
        if remote.registration is not None:
            await self._unregister(remote, remote.registration)

    # --- registrations ---

    async def register(
        self, caller: Caller, call: IRPCAsyncNotify_RegisterClient
    ) -> IRPCAsyncNotify_RegisterClient.Reply:
        """[MS-PAN] 3.1.1.4.1"""
        remote = caller.handles.get(call.pRegistrationObj, RemoteObject)
        with alone(remote):
            return await self._register(remote, caller, call)

    async def _register(
        self, remote: RemoteObject, caller: Caller, call: IRPCAsyncNotify_RegisterClient
    ) -> IRPCAsyncNotify_RegisterClient.Reply:
        if remote.registration is not None or call.pInNotificationType == NOTIFICATION_RELEASE:
            raise PanRefusal(PanResult.INVALID_PARAMETER)
        by = await self._desk.by(caller)
        printer = self._printer(call.pName)
        of = None if printer is None else printer.id
        at = by if printer is None else by.within(printer.access)
        at.demand(Right.MANAGE_OWN)
        everybody = call.NotifyFilter == PrintAsyncNotifyUserFilter.kAllUsers
        if everybody:
            at.demand(Right.ADMINISTER)
        one_way = call.conversationStyle == PrintAsyncNotifyConversationStyle.kUniDirectional
        if call.pInNotificationType == PRINTER_CONFIGURATION and not one_way:  # [MS-PAN] 3.1.4.4.1
            raise PanRefusal(PanResult.INVALID_PARAMETER)
        if self._registered.total() >= MOST_REGISTRATIONS or self._registered[by.name] >= MOST_OF_ONE:
            raise PanRefusal(PanResult.TOO_MANY_REGISTRATIONS)
        self._registered[by.name] += 1
        try:
            notices = await self._subscribe(Scope(of), call.pInNotificationType, by) if one_way else None
        except BaseException:
            self._registered[by.name] -= 1
            raise
        remote.registration = Registration(
            by, of, call.pInNotificationType, everybody, call.conversationStyle, notices
        )
        remote.told, remote.seen, remote.over = 0, set(), asyncio.Event()
        return IRPCAsyncNotify_RegisterClient.Reply()

    def _printer(self, name: str | None) -> Printer | None:
        if name is None:
            return None
        try:
            parsed = parse(name)
        except Win32Error:
            raise PanRefusal(PanResult.INVALID_NAME) from None
        whole = parsed.server and parsed.printer
        if not whole or parsed.job is not None or parsed.monitor is not None:
            raise PanRefusal(PanResult.INVALID_NAME)
        try:
            return self._desk.spooler.printers.printer(PrinterName(parsed.printer))
        except NotFound:
            raise PanRefusal(PanResult.INVALID_NAME) from None

    async def _subscribe(self, scope: Scope, kind: UUID, by: Principal) -> SubscriptionId:
        event = EventKind.PRINTER_CONFIG_CHANGED if kind == PRINTER_CONFIGURATION else EventKind.NOTICE
        wish = SubscriptionWish(frozenset({event}), lease=0, pull_method=PAN_METHOD)
        subscriptions = self._desk.spooler.subscriptions
        try:
            return (await subscriptions.create_subscription(wish, by, scope=scope)).id
        except TooMany:
            raise PanRefusal(PanResult.TOO_MANY_REGISTRATIONS) from None

    async def unregister(
        self, caller: Caller, call: IRPCAsyncNotify_UnregisterClient
    ) -> IRPCAsyncNotify_UnregisterClient.Reply:
        """[MS-PAN] 3.1.1.4.2: a call that waits does not keep it, but ends."""
        remote = caller.handles.get(call.pRegistrationObj, RemoteObject)
        registration = self._registration(remote)
        await self._unregister(remote, registration)
        return IRPCAsyncNotify_UnregisterClient.Reply()

    async def _unregister(self, remote: RemoteObject, registration: Registration) -> None:
        remote.registration = None
        self._registered[registration.by.name] -= 1
        remote.over.set()
        if registration.notices is not None:
            await self._desk.spooler.subscriptions.drop([registration.notices])

    @staticmethod
    def _registration(
        remote: RemoteObject, style: PrintAsyncNotifyConversationStyle | None = None
    ) -> Registration:
        """Without one, nothing is to come ([MS-PAN] 3.1.1.4.3); of the other style it can't be used."""
        registration = remote.registration
        if registration is None:
            raise PanRefusal(PanResult.TERMINATED)
        if style is not None and registration.style != style:
            raise PanRefusal(PanResult.INVALID_PARAMETER)
        return registration

    # --- one direction ---

    async def get_notification(
        self, caller: Caller, call: IRPCAsyncNotify_GetNotification
    ) -> IRPCAsyncNotify_GetNotification.Reply:
        """[MS-PAN] 3.1.1.4.5"""
        remote = caller.handles.get(call.pRemoteObj, RemoteObject)
        registration = self._registration(remote, PrintAsyncNotifyConversationStyle.kUniDirectional)
        with alone(remote):
            octets = await self._next_notice(remote, registration)
        if octets is None:
            raise PanRefusal(PanResult.TERMINATED, NOTIFICATION_RELEASE if remote.deleted else None)
        return IRPCAsyncNotify_GetNotification.Reply(
            ppOutNotificationType=registration.kind, ppOutNotificationData=octets or None
        )

    async def _next_notice(self, remote: RemoteObject, registration: Registration) -> bytes | None:
        """None: no more will come. What the log has dropped meanwhile is dropped here, too."""
        assert registration.notices is not None, "it is of the style that has them"
        while True:
            try:
                batch = await self._desk.spooler.subscriptions.read(
                    registration.notices, registration.by, remote.told, AT_ONCE, wait=True
                )
            except NotFound:
                return None
            if not batch.events:
                return None
            for notification in batch.notifications:
                remote.told = notification.number
                event = notification.event
                if event.notice is None:
                    return configuration(event)
                if registration.wants(event.notice.kind, event.notice.to):
                    return octets_of(event.notice.content)

    # --- both directions ---

    async def get_new_channel(
        self, caller: Caller, call: IRPCAsyncNotify_GetNewChannel
    ) -> IRPCAsyncNotify_GetNewChannel.Reply:
        """[MS-PAN] 3.1.1.4.3: all channels that nobody has acquired, also those opened before it came."""
        remote = caller.handles.get(call.pRemoteObj, RemoteObject)
        registration = self._registration(remote, PrintAsyncNotifyConversationStyle.kBiDirectional)
        dialogs = self._desk.spooler.dialogs
        with alone(remote):
            while not (found := self._unseen(remote, registration)):
                await first_of(remote.over.wait(), dialogs.news())
                if remote.over.is_set() or dialogs.stopping:
                    raise PanRefusal(PanResult.TERMINATED)
        handles: list[ContextHandle] = []
        for dialog in found:
            channel = Channel(dialog, registration.by, registration.kind)
            try:
                handles.append(caller.handles.open(channel, leave))
            except Fault:  # a client that has so many handles gets the others when it has closed some
                if not handles:
                    raise PanRefusal(PanResult.OUT_OF_MEMORY) from None
                break
            remote.seen.add(dialog.id)
        return IRPCAsyncNotify_GetNewChannel.Reply(ppChannelCtxt=tuple(handles))

    def _unseen(self, remote: RemoteObject, registration: Registration) -> list[Dialog]:
        return [
            dialog
            for dialog in self._desk.spooler.dialogs.open_dialogs(registration.by)
            if registration.printer in (None, dialog.printer)
            and dialog.id not in remote.seen
            and not dialog.status.answered_by
            and registration.wants(dialog.status.kind, dialog.status.to)
        ]

    async def send_response(
        self, caller: Caller, call: IRPCAsyncNotify_GetNotificationSendResponse
    ) -> IRPCAsyncNotify_GetNotificationSendResponse.Reply:
        """[MS-PAN] 3.1.1.4.4: the first call asks what was said first, each later one answers.

        Of a channel that was closed no handle is left: a call with one faults before it comes here.
        """
        channel = caller.handles.get(call.pChannel, Channel)
        octets = call.pInNotificationData or b""
        if len(octets) > MOST_OCTETS:
            raise PanRefusal(PanResult.RESPONSE_TOO_LARGE)
        with alone(channel):
            said = await self._converse(channel, call.pInNotificationType, octets)
        Reply = IRPCAsyncNotify_GetNotificationSendResponse.Reply
        if said is None:  # closed, or another client's: the channel is gone
            with contextlib.suppress(Fault):  # it was closed by another call meanwhile
                caller.handles.close(call.pChannel, Channel)
            return Reply(ppOutNotificationType=NOTIFICATION_RELEASE)
        return Reply(
            pChannel=call.pChannel,
            ppOutNotificationType=channel.kind,
            ppOutNotificationData=said or None,
        )

    async def _converse(self, channel: Channel, kind: UUID | None, octets: bytes) -> bytes | None:
        dialog = channel.dialog
        if kind != channel.kind and (channel.looked or kind is not None):
            raise PanRefusal(PanResult.OTHER_TYPE)
        if not channel.looked:
            channel.looked = True
            others = dialog.status.answered_by or not dialog.status.is_open
            return None if others else octets_of(dialog.status.content)
        turn = dialog.status.turn
        if not self._answer(channel, octets):
            return None
        while dialog.status.is_open and dialog.status.turn == turn:
            if channel.closed.is_set() or self._desk.spooler.dialogs.stopping:
                return None
            await first_of(channel.closed.wait(), dialog.changed.wait())
        return octets_of(dialog.status.content) if dialog.status.is_open else None

    def _answer(self, channel: Channel, octets: bytes) -> bool:
        """Answer for a client; False when another one has the dialog, or it is over."""
        dialog = channel.dialog
        if dialog.status.answered_by and not channel.acquired:
            return False
        try:
            content = answer_of(dialog.status.content, octets)
            self._desk.spooler.dialogs.acquire(dialog, content, channel.by)
        except WrongState:
            return False
        except (AsyncUIError, Unsupported, TooLarge) as error:
            kind = type(error).__name__  # its text may have the words of a private question
            log.info("%s answered dialog %d with what is no answer: %s", channel.by.name, dialog.id, kind)
            too_large = isinstance(error, (AsyncUITooLarge, TooLarge))
            result = PanResult.RESPONSE_TOO_LARGE if too_large else PanResult.INVALID_PARAMETER
            raise PanRefusal(result) from None
        channel.acquired = True
        return True

    async def close_channel(
        self, caller: Caller, call: IRPCAsyncNotify_CloseChannel
    ) -> IRPCAsyncNotify_CloseChannel.Reply:
        """[MS-PAN] 3.1.1.4.6: the last answer, or none; a call that waits on the channel does not keep it.

        Whatever becomes of the answer, the channel is closed, and its handle null.
        """
        channel = caller.handles.close(call.pChannel, Channel)
        try:
            return IRPCAsyncNotify_CloseChannel.Reply(
                result=self._last_answer(channel, call.pInNotificationType, call.pReason or b"")
            )
        finally:
            await leave(channel)

    def _last_answer(self, channel: Channel, kind: UUID, octets: bytes) -> PanResult:
        if kind == NOTIFICATION_RELEASE:
            return PanResult.SUCCESS
        if kind != channel.kind:
            raise PanRefusal(PanResult.OTHER_TYPE)
        if len(octets) > MOST_OCTETS:
            raise PanRefusal(PanResult.RESPONSE_TOO_LARGE)
        answered_before = channel.acquired and channel.dialog.answer is not None
        if answered_before or self._answer(channel, octets):
            return PanResult.SUCCESS
        return PanResult.ACQUIRED_BY_ANOTHER


# ---------------------------------------------------------------- the services


def pan_services(desk: Desk) -> list[Service]:
    """IRPCRemoteObject and IRPCAsyncNotify; packet authentication at least ([MS-PAN] 2.1)."""
    board = Switchboard(desk)
    objects = Service(IRPCREMOTEOBJECT, minimum=Level.PACKET, annotation="Print remote objects")
    notify = Service(IRPCASYNCNOTIFY, minimum=Level.PACKET, annotation="Print asynchronous notifications")
    handlers: dict[type[Call], Handler[Any]] = {
        IRPCRemoteObject_Create: board.create,
        IRPCRemoteObject_Delete: board.delete,
        IRPCAsyncNotify_RegisterClient: board.register,
        IRPCAsyncNotify_UnregisterClient: board.unregister,
        IRPCAsyncNotify_GetNewChannel: board.get_new_channel,
        IRPCAsyncNotify_GetNotificationSendResponse: board.send_response,
        IRPCAsyncNotify_GetNotification: board.get_notification,
        IRPCAsyncNotify_CloseChannel: board.close_channel,
    }
    for kind, handler in handlers.items():
        service = objects if kind.interface is IRPCREMOTEOBJECT else notify
        service.implements(kind)(_answered(kind, handler))
    return [objects, notify]


def _answered(kind: type[Call], handler: Handler[Any]) -> Handler[Any]:
    """Refusals as HRESULTs; a handle that came in goes back, so that it can be used again."""

    async def handle(caller: Caller, call: Call) -> Struct:
        kept: dict[str, object] = {}
        if isinstance(call, IRPCAsyncNotify_GetNotificationSendResponse):
            kept["pChannel"] = call.pChannel
        try:
            return await handler(caller, call)
        except PanRefusal as refusal:
            code: int = refusal.result
            if refusal.kind is not None:
                kept["ppOutNotificationType"] = refusal.kind
        except Refusal as refusal:
            log.info("%s: %s: %s", caller.peer, kind.__name__, refusal)
            code = hresult_of(code_of(refusal))
        reply: Any = kind.Reply  # type: ignore[attr-defined]  # every call has one
        return cast(Struct, reply(**kept, result=code))

    return handle
