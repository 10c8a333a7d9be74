"""The generic check of requests: each rule, and the status for its breach (RFC 8011 4.1)."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.attributes import Attr
from pagebell.ipp.codec import Attribute, Fault, Group, GroupTag, Message, Tag, Value, decode
from pagebell.ipp.operations import OPERATIONS
from pagebell.ipp.registry import Op, Status
from pagebell.ipp.requests import RequestRefused, check_request, sift, status_of

URI = "ipp://localhost/ipp/print"
BASIC = (r.attributes_charset("utf-8"), r.attributes_natural_language("en"), r.printer_uri(URI))


def request(code: int, *attributes: Attribute, groups: tuple[Group, ...] = ()) -> Message:
    operation = Group.of(GroupTag.OPERATION, *(attributes or BASIC))
    return Message((2, 0), code, 1, [operation, *groups])


def refused(message: Message) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        check_request(message, OPERATIONS)
    assert caught.value.status.keyword in str(caught.value)
    return caught.value


def test_good_request_is_ready_for_its_handler() -> None:
    checked = check_request(
        request(
            *(Op.PRINT_JOB, *BASIC, r.requesting_user_name("zoë"), r.ipp_attribute_fidelity(True)),
            groups=(Group.of(GroupTag.JOB, r.copies(2)), Group(GroupTag.SUBSCRIPTION)),
        ),
        OPERATIONS,
    )
    assert checked.operation.name == "Print-Job"
    assert checked.operation.document
    assert checked.attributes.get(r.printer_uri) == URI
    assert checked.job.get(r.copies) == 2
    assert len(checked.subscriptions) == 1
    assert not checked.printer.attributes
    assert not checked.document.attributes
    assert (checked.charset, checked.language, checked.user) == ("utf-8", "en", "zoë")
    assert checked.fidelity
    assert checked.unsupported == []
    assert checked.version == (2, 0)


def alter(change: Callable[[Message], object]) -> Message:
    message = request(Op.PRINT_JOB)
    change(message)
    return message


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (alter(lambda m: setattr(m, "version", (3, 0))), Status.SERVER_ERROR_VERSION_NOT_SUPPORTED),
        (alter(lambda m: setattr(m, "version", (0, 9))), Status.SERVER_ERROR_VERSION_NOT_SUPPORTED),
        (alter(lambda m: setattr(m, "code", 0x3FFF)), Status.SERVER_ERROR_OPERATION_NOT_SUPPORTED),
        (alter(lambda m: setattr(m, "request_id", 0)), Status.CLIENT_ERROR_BAD_REQUEST),
        (alter(lambda m: setattr(m, "request_id", -1)), Status.CLIENT_ERROR_BAD_REQUEST),
        (alter(lambda m: m.groups.clear()), Status.CLIENT_ERROR_BAD_REQUEST),
        (alter(lambda m: m.groups.insert(0, Group(GroupTag.JOB))), Status.CLIENT_ERROR_BAD_REQUEST),
        (alter(lambda m: m.groups.append(Group(GroupTag.OPERATION))), Status.CLIENT_ERROR_BAD_REQUEST),
        (alter(lambda m: m.groups.extend([Group(GroupTag.JOB)] * 2)), Status.CLIENT_ERROR_BAD_REQUEST),
        (
            alter(lambda m: m.groups.extend([Group(GroupTag.SUBSCRIPTION), Group(GroupTag.JOB)])),
            Status.CLIENT_ERROR_BAD_REQUEST,
        ),
        (request(Op.PRINT_JOB, *BASIC[1:]), Status.CLIENT_ERROR_BAD_REQUEST),
        (request(Op.PRINT_JOB, BASIC[0], BASIC[2]), Status.CLIENT_ERROR_BAD_REQUEST),
        (request(Op.PRINT_JOB, BASIC[1], BASIC[0], BASIC[2]), Status.CLIENT_ERROR_BAD_REQUEST),
        (request(Op.PRINT_JOB, BASIC[0]), Status.CLIENT_ERROR_BAD_REQUEST),
        (
            request(Op.PRINT_JOB, r.attributes_charset("koi8-r"), *BASIC[1:]),
            Status.CLIENT_ERROR_CHARSET_NOT_SUPPORTED,
        ),
        (
            request(Op.PRINT_JOB, Attribute("attributes-charset", (Value(Tag.TEXT, "utf-8"),)), *BASIC[1:]),
            Status.CLIENT_ERROR_BAD_REQUEST,
        ),
        (request(Op.PRINT_JOB, *BASIC[:2]), Status.CLIENT_ERROR_BAD_REQUEST),
        (request(Op.CANCEL_JOB), Status.CLIENT_ERROR_BAD_REQUEST),
        (request(Op.SEND_DOCUMENT, *BASIC, r.job_id(1)), Status.CLIENT_ERROR_BAD_REQUEST),
        (request(Op.GET_SYSTEM_ATTRIBUTES), Status.CLIENT_ERROR_BAD_REQUEST),
        (request(Op.GET_NOTIFICATIONS), Status.CLIENT_ERROR_BAD_REQUEST),
        (
            request(Op.PRINT_JOB, *BASIC, Attribute("job-name", (Value(Tag.KEYWORD, "x"),))),
            Status.CLIENT_ERROR_BAD_REQUEST,
        ),
        (
            request(Op.PRINT_JOB, *BASIC, Attribute("job-name", (Value(Tag.NAME, "x" * 256),))),
            Status.CLIENT_ERROR_REQUEST_VALUE_TOO_LONG,
        ),
        (
            request(Op.GET_JOBS, *BASIC, Attribute("limit", (Value(Tag.INTEGER, 0),))),
            Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
        ),
    ],
)
def test_broken_rule_is_answered_with_its_status(message: Message, status: Status) -> None:
    assert refused(message).status is status


def test_operation_attribute_out_of_range_is_returned() -> None:
    limit = Attribute("limit", (Value(Tag.INTEGER, 0),))
    assert refused(request(Op.GET_JOBS, *BASIC, limit)).unsupported == Group.of(GroupTag.UNSUPPORTED, limit)


@pytest.mark.parametrize("version", [(1, 0), (1, 1), (2, 0), (2, 1), (2, 2), (1, 7)])
def test_versions_one_and_two_are_accepted(version: tuple[int, int]) -> None:
    message = request(Op.GET_PRINTER_ATTRIBUTES)
    message.version = version
    assert check_request(message, OPERATIONS).version == version


def test_what_nobody_knows_is_ignored_and_returned_as_unsupported() -> None:
    strange = Attribute("vendor-strange", (Value(Tag.KEYWORD, "x"),))
    sides = Attribute("sides", (Value(Tag.INTEGER, 2),))
    checked = check_request(
        request(Op.PRINT_JOB, *BASIC, strange, groups=(Group.of(GroupTag.JOB, r.copies(2), strange, sides),)),
        OPERATIONS,
    )
    gone = Attribute("vendor-strange", (Value(Tag.UNSUPPORTED, None),))
    assert checked.unsupported == [gone, gone, sides]
    assert list(checked.job.attributes) == ["copies"]
    assert strange.name not in checked.attributes


def test_group_that_the_operation_does_not_define_is_ignored() -> None:
    """ipptool's own samples send job attributes with Send-Document."""
    message = request(
        *(Op.SEND_DOCUMENT, *BASIC, r.job_id(1), r.last_document(True)),
        groups=(Group.of(GroupTag.JOB, r.copies(1)), Group(GroupTag(0x0D))),
    )
    assert check_request(message, OPERATIONS).groups == []


def test_set_operations_take_delete_attribute() -> None:
    deleted = Attribute("job-name", (Value(Tag.DELETE_ATTRIBUTE, None),))
    message = request(Op.SET_JOB_ATTRIBUTES, *BASIC, r.job_id(1), groups=(Group.of(GroupTag.JOB, deleted),))
    checked = check_request(message, OPERATIONS)
    assert checked.job.attributes == {"job-name": deleted}
    assert sift(Group.of(GroupTag.JOB, deleted))[1] == [deleted]


@pytest.mark.parametrize(
    ("code", "target"),
    [
        (Op.CANCEL_JOB, (r.job_uri("ipp://localhost/1"),)),
        (Op.CANCEL_JOB, (r.printer_uri(URI), r.job_id(1))),
        (Op.GET_NOTIFICATIONS, (r.system_uri("ipp://localhost/"), r.notify_subscription_ids(1))),
        (Op.CANCEL_SUBSCRIPTION, (r.printer_uri(URI), r.notify_subscription_id(1))),
        (Op.CUPS_GET_DEFAULT, ()),
        (Op.CUPS_GET_PRINTERS, ()),
        (Op.GET_PRINTERS, (r.system_uri("ipp://localhost/"),)),
        (Op.CANCEL_DOCUMENT, (r.job_uri("ipp://localhost/1"), r.document_number(1))),
    ],
)
def test_each_kind_of_target_is_found(code: Op, target: tuple[Attribute, ...]) -> None:
    assert check_request(request(code, *BASIC[:2], *target), OPERATIONS).operation.code is code


def test_requests_of_an_independent_client_pass() -> None:
    data = (Path(__file__).parents[2] / "data/ipp_vectors.toml").read_text()
    sent = [vector for vector in tomllib.loads(data)["vector"] if vector["name"].endswith("-from-ipptool")]
    assert len(sent) >= 7
    for vector in sent:
        checked = check_request(decode(bytes.fromhex(vector["octets"]))[0], OPERATIONS)
        assert checked.unsupported == []


def test_operations_are_named_as_in_the_registry() -> None:
    for code, operation in OPERATIONS.items():
        assert operation.code == code
        assert operation.name.upper().replace("-", "_") == operation.code.name


def test_operation_attributes_are_registered_objects() -> None:
    for operation in OPERATIONS.values():
        every: tuple[Attr[object], ...] = (*operation.required, *operation.optional)
        assert all(r.ATTRIBUTES[attr.name] is attr for attr in every)
        assert len({attr.name for attr in every}) == len(every)


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_of_the_codec_has_a_status(fault: Fault) -> None:
    assert status_of(fault).keyword == fault.value
