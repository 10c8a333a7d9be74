"""Options as people write them become typed attributes, or a sentence that says what would be right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Collection, IntRange, Resolution, Tag, encode_attribute
from pagebell.ipp.errors import OptionError
from pagebell.ipp.options import parse_option, parse_options, read_options


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("copies=2", r.copies(2)),
        ("sides=two-sided-long-edge", r.sides("two-sided-long-edge")),
        ("media=iso_a4_210x297mm", r.media("iso_a4_210x297mm")),
        ("page-ranges=1-3,5", r.page_ranges(IntRange(1, 3), IntRange(5, 5))),
        ("print-quality=high", r.print_quality(r.PrintQuality.HIGH)),
        ("print-quality=5", r.print_quality(r.PrintQuality.HIGH)),
        ("orientation-requested=landscape", r.orientation_requested(r.Orientation.LANDSCAPE)),
        ("finishings=staple,punch", r.finishings(r.Finishings.STAPLE, r.Finishings.PUNCH)),
        ("printer-resolution=600dpi", r.printer_resolution(Resolution(600, 600, 3))),
        ("printer-resolution=600x300dpi", r.printer_resolution(Resolution(600, 300, 3))),
        ("job-name=Letter, to Ada", r.job_name("Letter, to Ada")),
        ("job-name='a=b'", r.job_name("a=b")),
        ("ipp-attribute-fidelity=true", r.ipp_attribute_fidelity(True)),
        ("job-hold-until=no-hold", r.job_hold_until("no-hold")),
        ("print-color-mode=x-vendor-sepia", r.print_color_mode("x-vendor-sepia")),
    ],
)
def test_option_becomes_its_attribute(text: str, expected: Attribute) -> None:
    assert parse_option(text) == expected


def test_collection_within_a_collection() -> None:
    attribute = parse_option(
        "media-col={media-size={x-dimension=21000 y-dimension=29700} media-type=stationery}"
    )
    collection = attribute.values[0].data
    assert isinstance(collection, Collection)
    assert collection.first(r.media_type) == "stationery"
    size = collection["media-size"].values[0].data
    assert isinstance(size, Collection)
    assert {name: one.values[0] for name, one in size.items()} == {
        "x-dimension": (Tag.INTEGER, 21000),
        "y-dimension": (Tag.INTEGER, 29700),
    }
    encode_attribute(attribute)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("landscape", "write NAME=VALUE"),
        ("=2", "write NAME=VALUE"),
        ("copes=2", "Did you mean copies"),
        ("printer-state=3", "There is no option 'printer-state'"),
        ("copies=two", "it is a whole number"),
        ("copies=0", "not within"),
        ("copies=1,2", "'copies' cannot be '1,2'"),
        ("sides=two-sided-longedge", "Did you mean two-sided-long-edge"),
        ("print-quality=best", "one of draft, normal, high"),
        ("page-ranges=3-1", "not within"),
        ("ipp-attribute-fidelity=maybe", "true or false"),
        ("printer-resolution=fine", "600dpi"),
        ("media-col={media-type=stationery", "lacks a closing brace"),
        ("media-col={media-typ=stationery}", "Did you mean media-type"),
        ("media-col={media-type}", "not NAME=VALUE"),
        ("media-col=stationery", "a collection such as"),
    ],
)
def test_wrong_option_is_explained(text: str, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        parse_option(text)


def test_later_option_replaces_an_earlier_one() -> None:
    assert parse_options(["copies=2", "copies=3"]) == [r.copies(3)]


def test_options_may_be_a_mapping_texts_or_attributes() -> None:
    expected = [r.copies(2), r.page_ranges(IntRange(1, 2), IntRange(4, 4))]
    assert read_options({"copies": 2, "page-ranges": ["1-2", 4]}) == expected
    assert read_options(["copies=2", expected[1]]) == expected


@given(
    st.text(max_size=60), st.sampled_from(["copies", "media-col", "page-ranges", "job-name", "finishings"])
)
def test_any_text_is_an_attribute_or_an_option_error(text: str, name: str) -> None:
    try:
        attribute = parse_option(f"{name}={text}")
    except OptionError:
        return
    encode_attribute(attribute)
