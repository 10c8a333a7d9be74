"""Every registered attribute: what it makes, it accepts; and what it does not accept (RFC 8011 5.1)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.attributes import Attr, Flaw, Syntax
from pagebell.ipp.codec import (
    Attribute,
    Collection,
    Group,
    GroupTag,
    IntRange,
    LangString,
    Resolution,
    Tag,
    Value,
    decode,
    encode,
)
from pagebell.ipp.codec import Message as IppMessage

SAMPLES: dict[Tag, Any] = {
    Tag.BOOLEAN: True,
    Tag.DATE_TIME: datetime(2024, 2, 29, 12, tzinfo=UTC),
    Tag.RESOLUTION: Resolution(600, 600),
    Tag.BEGIN_COLLECTION: Collection(),
    Tag.OCTET_STRING: b"abc",
    Tag.KEYWORD: "a-keyword",
    Tag.NAME: "A Name",
}


def sample(attr: Attr[Any], syntax: Syntax) -> Any:
    if syntax.tag is Tag.RANGE:
        return IntRange(max(syntax.lower, 0), min(syntax.upper, 1) if syntax.upper < 2 else syntax.upper)
    if syntax.tag is Tag.ENUM and attr.enum is not None:
        return next(iter(attr.enum))
    if syntax.tag in (Tag.INTEGER, Tag.ENUM):
        return syntax.upper
    return SAMPLES.get(syntax.tag, "en")


@pytest.mark.parametrize("attr", r.ATTRIBUTES.values(), ids=lambda attr: attr.name)
def test_registered_attribute_accepts_what_it_makes(attr: Attr[Any]) -> None:
    assert attr.syntaxes
    for syntax in attr.syntaxes:
        data = sample(attr, syntax)
        made = attr(data)
        assert attr.check(made) is None
        assert attr.first(made) == data
        assert attr.all(made) == [data]
        group = Group.of(GroupTag.PRINTER, made)
        assert decode(encode(IppMessage((2, 0), 0, 1, [group])))[0].groups == [group]
    assert attr.first(attr.no_value()) is None


def test_keyword_or_name_is_told_by_its_form() -> None:
    assert r.media("iso_a4_210x297mm").values[0].tag is Tag.KEYWORD
    assert r.media("Blue Letterhead").values[0].tag is Tag.NAME
    assert r.media(LangString("Papier bleu", "fr")).values[0].tag is Tag.NAME_LANG
    assert r.job_name(LangString("Brief", "nl")).values[0].tag is Tag.NAME_LANG


def test_enum_values_are_members_of_the_enum() -> None:
    state = r.job_state(r.JobState.COMPLETED)
    assert state.values[0] == Value(Tag.ENUM, 9)
    assert type(state.values[0].data) is int
    assert r.job_state.first(state) is r.JobState.COMPLETED


def test_number_without_a_registration_is_a_member_of_its_enum() -> None:
    vendor = Attribute("finishings", (Value(Tag.ENUM, 0x40000001),))
    assert r.finishings.check(vendor) is None
    assert r.finishings.first(vendor) == 0x40000001
    assert r.Op(0x7777).name == "UNREGISTERED_7777"
    with pytest.raises(ValueError):
        r.Op(2**40)


def test_status_codes_have_their_keywords() -> None:
    assert r.Status(0x0406).keyword == "client-error-not-found"
    assert r.Status.SUCCESSFUL_OK == 0


@pytest.mark.parametrize(
    ("attr", "values", "flaw"),
    [
        (r.copies, (Value(Tag.INTEGER, 0),), Flaw.RANGE),
        (r.copies, (Value(Tag.KEYWORD, "1"),), Flaw.SYNTAX),
        (r.copies, (Value(Tag.ENUM, 1),), Flaw.SYNTAX),
        (r.copies, (Value(Tag.INTEGER, 1), Value(Tag.INTEGER, 2)), Flaw.CARDINALITY),
        (r.copies, (Value(Tag.NO_VALUE, None),), Flaw.SYNTAX),
        (r.copies, (Value(0x2F, b""),), Flaw.SYNTAX),
        (r.job_name, (Value(Tag.NAME, "x" * 256),), Flaw.LENGTH),
        (r.job_name, (Value(Tag.NAME_LANG, LangString("x" * 256, "en")),), Flaw.LENGTH),
        (r.job_name, (Value(Tag.TEXT, "x"),), Flaw.SYNTAX),
        (r.printer_info, (Value(Tag.TEXT, "x" * 128),), Flaw.LENGTH),
        (r.printer_uri, (Value(Tag.URI, "x" * 1024),), Flaw.LENGTH),
        (r.sides, (Value(Tag.KEYWORD, ""),), Flaw.SYNTAX),
        (r.page_ranges, (Value(Tag.RANGE, IntRange(3, 2)),), Flaw.RANGE),
        (r.page_ranges, (Value(Tag.RANGE, IntRange(1, 2)), Value(Tag.UNKNOWN, None)), Flaw.SYNTAX),
    ],
)
def test_attribute_that_is_not_as_defined_has_a_flaw(
    attr: Attr[Any], values: tuple[Value, ...], flaw: Flaw
) -> None:
    problem = attr.check(Attribute(attr.name, values))
    assert problem is not None
    assert problem.flaw is flaw
    assert attr.name in problem.text


def test_members_of_collections_are_checked() -> None:
    size = Collection.of(r.x_dimension(21000), Attribute("y-dimension", (Value(Tag.KEYWORD, "long"),)))
    problem = r.media_col.check(r.media_col(Collection.of(r.media_size(size))))
    assert problem is not None
    assert problem.text.startswith("'media-col' member 'media-size' member 'y-dimension'")
    good = Collection.of(r.media_size(Collection.of(r.x_dimension(21000), r.y_dimension(29700))))
    assert r.media_col.check(r.media_col(good)) is None
    assert (inner := good.first(r.media_size)) is not None
    assert inner.first(r.x_dimension) == 21000
    assert inner.all(r.media_color) == []


@pytest.mark.parametrize(
    ("attr", "values"),
    [
        (r.copies, (0,)),
        (r.copies, (True,)),
        (r.copies, (1, 2)),
        (r.copies, ()),
        (r.job_name, ("x" * 256,)),
        (r.job_name, (5,)),
        (r.sides, ("",)),
    ],
)
def test_attribute_is_not_made_of_what_does_not_fit(attr: Attr[Any], values: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match=f"'{attr.name}'"):
        attr(*values)


def test_out_of_band_values_are_allowed_where_the_place_says_so() -> None:
    deleted = Attribute("job-name", (Value(Tag.DELETE_ATTRIBUTE, None),))
    assert r.job_name.check(deleted) is not None
    assert r.job_name.check(deleted, frozenset({Tag.DELETE_ATTRIBUTE})) is None
    assert r.copies.unknown().values == (Value(Tag.UNKNOWN, None),)
    assert r.copies.unsupported().values == (Value(Tag.UNSUPPORTED, None),)


def test_group_gives_typed_values() -> None:
    group = Group.of(GroupTag.OPERATION, r.job_name("x"), r.requested_attributes("all", "media-col-database"))
    assert group.get(r.job_name) == "x"
    assert group.all(r.requested_attributes) == ["all", "media-col-database"]
    assert group.get(r.copies) is None
    assert group.all(r.copies) == []
    assert "job-name" in group


def test_value_of_another_type_is_as_if_absent() -> None:
    assert r.copies.first(Attribute("copies", (Value(Tag.KEYWORD, "one"),))) is None
    assert r.sides.first(Attribute("sides", (Value(Tag.NAME, "one-sided"),))) == "one-sided"
