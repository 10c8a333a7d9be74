"""The operations as data: what each is called, aims at, needs and takes (RFC 8011 4 and others)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from pagebell.ipp import registry as r
from pagebell.ipp.attributes import Attr
from pagebell.ipp.registry import Op
from pagebell.ipp.values import GroupTag, Tag

Attrs = tuple[Attr[Any], ...]


class Target(Enum):
    """What an operation is aimed at: the attributes that say so, any one set of them (RFC 8011 4.1.5)."""

    SERVER = ((), (r.printer_uri,))  # CUPS: the whole server, nothing to name; some name it all the same
    PRINTER = ((r.printer_uri,), (r.system_uri, r.printer_id))
    JOB = ((r.printer_uri, r.job_id), (r.job_uri,))
    JOB_OR_PRINTER = ((r.job_uri,), (r.printer_uri,))  # CUPS: all jobs of a printer
    DOCUMENT = ((r.printer_uri, r.job_id, r.document_number), (r.job_uri, r.document_number))
    PRINTER_OR_SYSTEM = ((r.printer_uri,), (r.system_uri,))  # PWG 5100.22 widens RFC 3995 and 3996
    SUBSCRIPTION = (
        (r.printer_uri, r.notify_subscription_id),
        (r.system_uri, r.notify_subscription_id),
    )
    SYSTEM = ((r.system_uri,),)
    SYSTEM_PRINTER = ((r.system_uri, r.printer_id),)
    RESOURCE = ((r.system_uri, r.resource_id),)
    RESOURCE_SUBSCRIBED = ((r.system_uri, r.notify_resource_id), (r.system_uri, r.resource_id))
    """PWG 5100.22 6.2.2.1; the working group's sample server knows the latter only."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation's request. ``groups`` may follow the operation attributes, in this order."""

    code: Op
    name: str
    source: str
    target: Target
    required: Attrs = ()
    optional: Attrs = ()
    groups: tuple[GroupTag, ...] = ()
    document: bool = False
    out_of_band: frozenset[Tag] = frozenset()
    """Which out-of-band values the further groups may have (RFC 3380 8)."""


COMMON: Final[Attrs] = (
    *(r.attributes_charset, r.attributes_natural_language),
    *(r.requesting_user_name, r.requesting_user_uri, r.client_info),
)
"""Every operation takes these (RFC 8011 4.1.4, 9.3; PWG 5100.13, PWG 5100.7)."""

_J, _P, _S = GroupTag.JOB, GroupTag.PRINTER, GroupTag.SUBSCRIPTION
_D, _R, _Y = GroupTag.DOCUMENT, GroupTag.RESOURCE, GroupTag.SYSTEM
_SET: Final = frozenset({Tag.DELETE_ATTRIBUTE, Tag.NO_VALUE, Tag.UNKNOWN, Tag.ADMIN_DEFINE})

_FORMAT: Final[Attrs] = (
    *(r.compression, r.document_charset, r.document_format, r.document_format_details),
    *(r.document_message, r.document_metadata, r.document_name, r.document_natural_language),
    *(r.document_password, r.document_access),
)
_CREATE: Final[Attrs] = (
    *(r.job_name, r.ipp_attribute_fidelity, r.job_mandatory_attributes),
    *(r.job_k_octets, r.job_impressions, r.job_impressions_col, r.job_media_sheets, r.job_media_sheets_col),
    *(r.job_pages, r.job_pages_col, r.job_password, r.job_password_encryption, r.job_phone_number),
    *(r.job_recipient_name, r.job_account_id, r.job_accounting_user_id, r.auth_info, r.job_hold_until),
    *(r.job_authorization_uri, r.resource_ids),
)
_RESOURCES: Final[Attrs] = (r.resource_formats, r.resource_ids, r.resource_states, r.resource_types)
_RELEASE: Final[Attrs] = (
    *(r.resource_natural_language, r.resource_patches, r.resource_string_version, r.resource_version),
)
_ASK: Final[Attrs] = (r.requested_attributes,)
_LIST: Final[Attrs] = (r.requested_attributes, r.limit, r.first_index)
_JOB_NOTE: Final[Attrs] = (r.message, r.job_message_from_operator)  # RFC 3998 6
_PRINTER_NOTE: Final[Attrs] = (r.printer_message_from_operator,)
_PRINTERS: Final[Attrs] = (
    *(r.first_printer_name, r.limit, r.printer_location, r.printer_type, r.printer_type_mask),
    *(r.requested_attributes, r.requested_user_name, r.printer_id),
)


def _printer_admin(code: Op, name: str, source: str) -> Operation:
    return Operation(code, name, source, Target.PRINTER, optional=_PRINTER_NOTE)


def _job_admin(
    code: Op, name: str, source: str, *optional: Attr[Any], groups: tuple[GroupTag, ...] = ()
) -> Operation:
    return Operation(code, name, source, Target.JOB, optional=(*_JOB_NOTE, *optional), groups=groups)


def _system(code: Op, name: str, section: str, optional: Attrs) -> Operation:
    return Operation(code, name, f"PWG 5100.22 {section}", Target.SYSTEM, optional=optional)


def _create(code: Op, name: str, source: str, *more: Attr[Any], required: Attrs = ()) -> Operation:
    return Operation(
        *(code, name, source, Target.PRINTER),
        required=required,
        optional=(*_CREATE, *more),
        groups=(_J, _S, _D),
        document=code is Op.PRINT_JOB,
    )


_JOB_OPERATIONS: Final = (
    _create(Op.PRINT_JOB, "Print-Job", "RFC 8011 4.2.1", *_FORMAT),
    _create(Op.PRINT_URI, "Print-URI", "RFC 8011 4.2.2", *_FORMAT, required=(r.document_uri,)),
    _create(Op.VALIDATE_JOB, "Validate-Job", "RFC 8011 4.2.3", *_FORMAT),
    _create(Op.CREATE_JOB, "Create-Job", "RFC 8011 4.2.4", *_FORMAT),
    Operation(
        *(Op.SEND_DOCUMENT, "Send-Document", "RFC 8011 4.3.1", Target.JOB),
        required=(r.last_document,),
        optional=(*_FORMAT, r.resource_ids),
        groups=(_D,),
        document=True,
    ),
    Operation(
        *(Op.SEND_URI, "Send-URI", "RFC 8011 4.3.2", Target.JOB),
        required=(r.last_document, r.document_uri),
        optional=(*_FORMAT, r.resource_ids),
        groups=(_D,),
    ),
    _job_admin(Op.CANCEL_JOB, "Cancel-Job", "RFC 8011 4.3.3"),
    Operation(Op.GET_JOB_ATTRIBUTES, "Get-Job-Attributes", "RFC 8011 4.3.4", Target.JOB, optional=_ASK),
    Operation(
        *(Op.GET_JOBS, "Get-Jobs", "RFC 8011 4.2.6", Target.PRINTER),
        optional=(*_LIST, r.which_jobs, r.my_jobs, r.job_ids, r.first_job_id, r.output_device_uuid),
    ),
    _job_admin(Op.HOLD_JOB, "Hold-Job", "RFC 8011 4.3.5", r.job_hold_until, r.job_hold_until_time),
    _job_admin(Op.RELEASE_JOB, "Release-Job", "RFC 8011 4.3.6"),
    _job_admin(Op.RESTART_JOB, "Restart-Job", "RFC 8011 4.3.7", r.job_hold_until, groups=(_S,)),
    Operation(Op.CLOSE_JOB, "Close-Job", "PWG 5100.7 5.2", Target.JOB),
    Operation(
        *(Op.RESUBMIT_JOB, "Resubmit-Job", "PWG 5100.7 5.4", Target.JOB),
        optional=(r.job_name, r.ipp_attribute_fidelity, r.job_mandatory_attributes),
        groups=(_J, _S),
    ),
    Operation(
        *(Op.CANCEL_JOBS, "Cancel-Jobs", "PWG 5100.7 5.1", Target.PRINTER),
        optional=(*_JOB_NOTE, r.job_ids, r.my_jobs),
    ),
    Operation(
        *(Op.CANCEL_MY_JOBS, "Cancel-My-Jobs", "PWG 5100.7 5.1", Target.PRINTER),
        optional=(*_JOB_NOTE, r.job_ids, r.my_jobs),
    ),
    Operation(
        *(Op.SET_JOB_ATTRIBUTES, "Set-Job-Attributes", "RFC 3380 4.2", Target.JOB),
        groups=(_J,),
        out_of_band=_SET,
    ),
    _job_admin(Op.REPROCESS_JOB, "Reprocess-Job", "RFC 3998 4.1", r.job_hold_until),
    _job_admin(Op.RESUME_JOB, "Resume-Job", "RFC 3998 4.3.2"),
    _job_admin(Op.PROMOTE_JOB, "Promote-Job", "RFC 3998 4.4.1"),
    _job_admin(Op.SCHEDULE_JOB_AFTER, "Schedule-Job-After", "RFC 3998 4.4.2", r.predecessor_job_id),
    *(
        Operation(code, name, source, Target.PRINTER, optional=(*_JOB_NOTE, r.job_id))
        for code, name, source in (
            (Op.CANCEL_CURRENT_JOB, "Cancel-Current-Job", "RFC 3998 4.2"),
            (Op.SUSPEND_CURRENT_JOB, "Suspend-Current-Job", "RFC 3998 4.3.1"),
        )
    ),
    Operation(
        *(Op.GET_DOCUMENTS, "Get-Documents", "PWG 5100.5 5.5", Target.JOB),
        optional=_LIST,
    ),
    Operation(
        *(Op.GET_DOCUMENT_ATTRIBUTES, "Get-Document-Attributes", "PWG 5100.5 5.4", Target.DOCUMENT),
        optional=_ASK,
    ),
    Operation(
        *(Op.CANCEL_DOCUMENT, "Cancel-Document", "PWG 5100.5 5.1", Target.DOCUMENT),
        optional=(r.message,),
    ),
    Operation(
        *(Op.SET_DOCUMENT_ATTRIBUTES, "Set-Document-Attributes", "PWG 5100.5 5.6", Target.DOCUMENT),
        groups=(_D,),
        out_of_band=_SET,
    ),
    Operation(
        *(Op.VALIDATE_DOCUMENT, "Validate-Document", "PWG 5100.13", Target.PRINTER),
        optional=(*_FORMAT, r.ipp_attribute_fidelity, r.resource_ids),
        groups=(_D,),
    ),
)

_PRINTER_OPERATIONS: Final = (
    Operation(
        *(Op.GET_PRINTER_ATTRIBUTES, "Get-Printer-Attributes", "RFC 8011 4.2.5", Target.PRINTER_OR_SYSTEM),
        optional=(*_ASK, r.document_format, r.first_index, r.limit, r.printer_id),
    ),
    Operation(
        *(Op.GET_PRINTER_SUPPORTED_VALUES, "Get-Printer-Supported-Values", "RFC 3380 4.3", Target.PRINTER),
        optional=(*_ASK, r.document_format),
    ),
    Operation(
        *(Op.SET_PRINTER_ATTRIBUTES, "Set-Printer-Attributes", "RFC 3380 4.1", Target.PRINTER),
        optional=(r.document_format,),
        groups=(_P,),
        out_of_band=_SET,
    ),
    Operation(
        *(Op.IDENTIFY_PRINTER, "Identify-Printer", "PWG 5100.13 5.1", Target.PRINTER),
        optional=(r.identify_actions, r.message, r.output_device_uuid, r.job_id),
    ),
    _printer_admin(Op.PAUSE_PRINTER, "Pause-Printer", "RFC 8011 4.2.7"),
    _printer_admin(Op.RESUME_PRINTER, "Resume-Printer", "RFC 8011 4.2.8"),
    _printer_admin(Op.PURGE_JOBS, "Purge-Jobs", "RFC 8011 4.2.9"),
    _printer_admin(Op.ENABLE_PRINTER, "Enable-Printer", "RFC 3998 3.1.2"),
    _printer_admin(Op.DISABLE_PRINTER, "Disable-Printer", "RFC 3998 3.1.1"),
    _printer_admin(Op.PAUSE_PRINTER_AFTER_CURRENT_JOB, "Pause-Printer-After-Current-Job", "RFC 3998 3.2.1"),
    _printer_admin(Op.HOLD_NEW_JOBS, "Hold-New-Jobs", "RFC 3998 3.3.1"),
    _printer_admin(Op.RELEASE_HELD_NEW_JOBS, "Release-Held-New-Jobs", "RFC 3998 3.3.2"),
    _printer_admin(Op.DEACTIVATE_PRINTER, "Deactivate-Printer", "RFC 3998 3.4.1"),
    _printer_admin(Op.ACTIVATE_PRINTER, "Activate-Printer", "RFC 3998 3.4.2"),
    _printer_admin(Op.RESTART_PRINTER, "Restart-Printer", "RFC 3998 3.5.1"),
    _printer_admin(Op.SHUTDOWN_PRINTER, "Shutdown-Printer", "RFC 3998 3.5.2"),
    _printer_admin(Op.STARTUP_PRINTER, "Startup-Printer", "RFC 3998 3.5.3"),
)

_SUBSCRIPTION_OPERATIONS: Final = (
    Operation(
        Op.CREATE_PRINTER_SUBSCRIPTIONS,
        *("Create-Printer-Subscriptions", "RFC 3995 11.1.2", Target.PRINTER),
        groups=(_S,),
    ),
    Operation(
        *(Op.CREATE_JOB_SUBSCRIPTIONS, "Create-Job-Subscriptions", "RFC 3995 11.1.1", Target.PRINTER),
        required=(r.notify_job_id,),
        groups=(_S,),
    ),
    Operation(
        Op.GET_SUBSCRIPTION_ATTRIBUTES,
        *("Get-Subscription-Attributes", "RFC 3995 11.2.4", Target.SUBSCRIPTION),
        optional=_ASK,
    ),
    Operation(
        *(Op.GET_SUBSCRIPTIONS, "Get-Subscriptions", "RFC 3995 11.2.5", Target.PRINTER_OR_SYSTEM),
        optional=(*_LIST, r.notify_job_id, r.my_subscriptions, r.notify_printer_ids, r.notify_resource_id),
    ),
    Operation(
        *(Op.RENEW_SUBSCRIPTION, "Renew-Subscription", "RFC 3995 11.2.6", Target.SUBSCRIPTION),
        optional=(r.notify_lease_duration,),
        groups=(_S,),  # notify-lease-duration is there by 11.2.6.1; clients have it among the operation's
    ),
    Operation(Op.CANCEL_SUBSCRIPTION, "Cancel-Subscription", "RFC 3995 11.2.7", Target.SUBSCRIPTION),
    Operation(
        *(Op.GET_NOTIFICATIONS, "Get-Notifications", "RFC 3996 5", Target.PRINTER_OR_SYSTEM),
        required=(r.notify_subscription_ids,),
        optional=(r.notify_sequence_numbers, r.notify_wait),
    ),
    Operation(
        *(Op.CREATE_SYSTEM_SUBSCRIPTIONS, "Create-System-Subscriptions", "PWG 5100.22 6.3.3", Target.SYSTEM),
        optional=(r.notify_printer_ids,),
        groups=(_S,),
    ),
    Operation(
        Op.CREATE_RESOURCE_SUBSCRIPTIONS,
        *("Create-Resource-Subscriptions", "PWG 5100.22 6.2.2", Target.RESOURCE_SUBSCRIBED),
        groups=(_S,),
    ),
)

_SYSTEM_OPERATIONS: Final = (
    _system(
        *(Op.GET_PRINTERS, "Get-Printers", "6.1.4"),
        optional=(
            *(*_LIST, r.printer_ids, r.printer_location, r.printer_geo_location, r.printer_service_type),
            *(r.which_printers, r.document_format),
        ),
    ),
    _system(Op.GET_SYSTEM_ATTRIBUTES, "Get-System-Attributes", "6.3.8", _ASK),
    _system(Op.GET_SYSTEM_SUPPORTED_VALUES, "Get-System-Supported-Values", "6.3.9", _ASK),
    Operation(
        *(Op.SET_SYSTEM_ATTRIBUTES, "Set-System-Attributes", "PWG 5100.22 6.3.15", Target.SYSTEM),
        groups=(_Y,),
        out_of_band=_SET,
    ),
    Operation(
        *(Op.CREATE_PRINTER, "Create-Printer", "PWG 5100.22 6.3.1", Target.SYSTEM),
        required=(r.printer_service_type,),
        optional=(*_PRINTER_NOTE, r.printer_xri_requested, r.resource_ids),
        groups=(_P, _S),
    ),
    *(
        Operation(code, name, f"PWG 5100.22 {section}", Target.SYSTEM_PRINTER, optional=_PRINTER_NOTE)
        for code, name, section in (
            (Op.DELETE_PRINTER, "Delete-Printer", "6.3.4"),
            (Op.RESTART_ONE_PRINTER, "Restart-One-Printer", "6.1.6"),
            (Op.SHUTDOWN_ONE_PRINTER, "Shutdown-One-Printer", "6.1.7"),
            (Op.STARTUP_ONE_PRINTER, "Startup-One-Printer", "6.1.8"),
        )
    ),
    *(
        _system(code, name, section, (r.system_message_from_operator,))
        for code, name, section in (
            (Op.DISABLE_ALL_PRINTERS, "Disable-All-Printers", "6.3.5"),
            (Op.ENABLE_ALL_PRINTERS, "Enable-All-Printers", "6.3.6"),
            (Op.PAUSE_ALL_PRINTERS, "Pause-All-Printers", "6.3.10"),
            (Op.PAUSE_ALL_PRINTERS_AFTER_CURRENT_JOB, "Pause-All-Printers-After-Current-Job", "6.3.11"),
            (Op.RESTART_SYSTEM, "Restart-System", "6.3.13"),
            (Op.RESUME_ALL_PRINTERS, "Resume-All-Printers", "6.3.14"),
            (Op.SHUTDOWN_ALL_PRINTERS, "Shutdown-All-Printers", "6.3.16"),
            (Op.STARTUP_ALL_PRINTERS, "Startup-All-Printers", "6.3.17"),
        )
    ),
)

_RESOURCE_OPERATIONS: Final = (
    Operation(
        *(Op.CREATE_RESOURCE, "Create-Resource", "PWG 5100.22 6.3.2", Target.SYSTEM),
        required=(r.resource_type,),
        optional=_RELEASE,
        groups=(_R, _S),
    ),
    Operation(
        *(Op.SEND_RESOURCE_DATA, "Send-Resource-Data", "PWG 5100.22 6.2.5", Target.RESOURCE),
        required=(r.resource_format,),
        optional=(r.resource_k_octets, r.resource_signature, *_RELEASE),
        document=True,
    ),
    Operation(Op.INSTALL_RESOURCE, "Install-Resource", "PWG 5100.22 6.2.4", Target.RESOURCE),
    Operation(
        *(Op.CANCEL_RESOURCE, "Cancel-Resource", "PWG 5100.22 6.2.1", Target.RESOURCE), optional=(r.message,)
    ),
    Operation(
        *(Op.SET_RESOURCE_ATTRIBUTES, "Set-Resource-Attributes", "PWG 5100.22 6.2.6", Target.RESOURCE),
        groups=(_R,),
        out_of_band=_SET,
    ),
    Operation(
        *(Op.GET_RESOURCE_ATTRIBUTES, "Get-Resource-Attributes", "PWG 5100.22 6.2.3", Target.RESOURCE),
        optional=_ASK,
    ),
    _system(Op.GET_RESOURCES, "Get-Resources", "6.3.7", (*_LIST, *_RESOURCES)),
    Operation(
        *(Op.GET_PRINTER_RESOURCES, "Get-Printer-Resources", "PWG 5100.22 6.1.5", Target.PRINTER),
        optional=(*_LIST, *_RESOURCES),
    ),
    *(
        Operation(code, name, f"PWG 5100.22 {section}", Target.PRINTER, required=(r.resource_ids,))
        for code, name, section in (
            (Op.ALLOCATE_PRINTER_RESOURCES, "Allocate-Printer-Resources", "6.1.1"),
            (Op.DEALLOCATE_PRINTER_RESOURCES, "Deallocate-Printer-Resources", "6.1.2"),
        )
    ),
)

_CUPS_OPERATIONS: Final = (
    Operation(Op.CUPS_GET_DEFAULT, "CUPS-Get-Default", "CUPS", Target.SERVER, optional=_ASK),
    Operation(Op.CUPS_GET_PRINTERS, "CUPS-Get-Printers", "CUPS", Target.SERVER, optional=_PRINTERS),
    Operation(Op.CUPS_GET_CLASSES, "CUPS-Get-Classes", "CUPS", Target.SERVER, optional=_PRINTERS),
    Operation(
        *(Op.CUPS_GET_DEVICES, "CUPS-Get-Devices", "CUPS", Target.SERVER),
        optional=(*_ASK, r.device_class, r.exclude_schemes, r.include_schemes, r.limit, r.timeout),
    ),
    Operation(
        *(Op.CUPS_ADD_MODIFY_PRINTER, "CUPS-Add-Modify-Printer", "CUPS", Target.PRINTER),
        groups=(_P,),
        out_of_band=_SET,
        document=True,
    ),
    Operation(Op.CUPS_DELETE_PRINTER, "CUPS-Delete-Printer", "CUPS", Target.PRINTER),
    Operation(Op.CUPS_SET_DEFAULT, "CUPS-Set-Default", "CUPS", Target.PRINTER),
    _printer_admin(Op.CUPS_ACCEPT_JOBS, "CUPS-Accept-Jobs", "CUPS"),
    _printer_admin(Op.CUPS_REJECT_JOBS, "CUPS-Reject-Jobs", "CUPS"),
    Operation(
        *(Op.CUPS_MOVE_JOB, "CUPS-Move-Job", "CUPS", Target.JOB_OR_PRINTER),
        optional=(r.job_id,),
        groups=(_J,),
    ),
)

_PAGEBELL_OPERATIONS: Final = (
    Operation(
        *(
            Op.PAGEBELL_COMMAND_DEVICE,
            "Pagebell-Command-Device",
            "docs/how-to/virtual-printers",
            Target.PRINTER,
        ),
        required=(r.message,),
    ),
)

OPERATIONS: Final[dict[int, Operation]] = {
    operation.code: operation
    for operation in (
        *(*_JOB_OPERATIONS, *_PRINTER_OPERATIONS, *_SUBSCRIPTION_OPERATIONS),
        *(*_SYSTEM_OPERATIONS, *_RESOURCE_OPERATIONS, *_CUPS_OPERATIONS, *_PAGEBELL_OPERATIONS),
    )
}
"""Every operation we know, by its id; a server's own are the part of these that it has handlers for."""
