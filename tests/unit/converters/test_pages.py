"""Pages are chosen and put together by the process that does it in the server."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pytest

from pagebell.converters.pages import PDF, PageConverter
from pagebell.model.document import Document, DocumentKey, Media, MediaSize, Override, Ticket
from pagebell.model.errors import DocumentDamaged
from pagebell.model.printer import Capabilities

POSTSCRIPT = "application/postscript"
DEVICE = Capabilities(formats=(PDF, "image/jpeg"))


def paper(folder: Path, pages: int, *, width: int = 200) -> Path:
    path = folder / "in.pdf"
    with pikepdf.new() as pdf:
        for number in range(pages):
            pdf.add_blank_page(page_size=(width + number, 300))
        pdf.save(path)
    return path


def document(format_: str = PDF) -> Document:
    return Document(1, DocumentKey("1-1-x"), format_, 1, "d")


async def widths(folder: Path, pages: int, **ticket: object) -> list[int]:
    converter = PageConverter(folder / "prepared")
    found = await converter.convert(paper(folder, pages), document(), Ticket(**ticket), DEVICE)  # type: ignore[arg-type]
    assert found is not None
    octets = b"".join([chunk async for chunk in found.read()])
    assert found.document.octets == len(octets)
    with pikepdf.open(io.BytesIO(octets)) as pdf:
        assert found.document.impressions == len(pdf.pages)
        sizes = [int(page.mediabox[2]) for page in pdf.pages]
    await found.remove()
    assert list((folder / "prepared").iterdir()) == []
    return sizes


async def test_pages_outside_the_ranges_are_left_out(tmp_path: Path) -> None:
    assert await widths(tmp_path, 9, page_ranges=((2, 3), (8, 100))) == [201, 202, 207, 208]


async def test_ranges_beyond_the_last_page_leave_nothing(tmp_path: Path) -> None:
    assert await widths(tmp_path, 2, page_ranges=((5, 6),)) == []


@pytest.mark.parametrize(("up", "expected"), [(2, [300, 300, 300]), (4, [200, 204])])
async def test_several_pages_share_a_side(tmp_path: Path, up: int, expected: list[int]) -> None:
    assert await widths(tmp_path, 5, number_up=up) == expected


async def test_what_the_device_does_itself_is_left_to_it(tmp_path: Path) -> None:
    converter = PageConverter(tmp_path / "prepared")
    able = Capabilities(formats=(PDF,), page_ranges=(PDF,), number_up=(1, 2))
    ticket = Ticket(page_ranges=((1, 1),), number_up=2)
    assert await converter.convert(paper(tmp_path, 2), document(), ticket, able) is None
    assert converter.settled(ticket, able) == ticket
    assert converter.settled(ticket, DEVICE) == Ticket()


async def test_other_formats_go_as_they_are(tmp_path: Path) -> None:
    converter = PageConverter(tmp_path / "prepared")
    ticket = Ticket(page_ranges=((1, 1),))
    assert await converter.convert(tmp_path / "x", document("image/jpeg"), ticket, DEVICE) is None


async def test_damaged_document_is_told(tmp_path: Path) -> None:
    path = tmp_path / "in.pdf"
    path.write_bytes(b"%PDF-1.7\nnothing of the kind")
    converter = PageConverter(tmp_path / "prepared")
    with pytest.raises(DocumentDamaged, match="can't be read"):
        await converter.convert(path, document(), Ticket(page_ranges=((1, 1),)), DEVICE)
    assert list((tmp_path / "prepared").iterdir()) == []


async def test_process_that_answers_nothing_is_a_damaged_document(tmp_path: Path) -> None:
    converter = PageConverter(tmp_path / "prepared", command=["/bin/true"])
    with pytest.raises(DocumentDamaged, match="reasonable time"):
        await converter.convert(paper(tmp_path, 1), document(), Ticket(page_ranges=((1, 1),)), DEVICE)


def test_leftovers_of_an_earlier_run_go(tmp_path: Path) -> None:
    (tmp_path / "old.pdf").write_bytes(b"x")
    PageConverter(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_page_ranges_are_claimed_for_devices_that_take_pdf() -> None:
    converter = PageConverter.__new__(PageConverter)
    assert converter.widen(DEVICE).page_ranges == (PDF,)
    assert converter.widen(DEVICE).number_up == (1, 2, 4)
    pictures = Capabilities(formats=("image/jpeg",))
    assert converter.widen(pictures) == pictures


def test_pages_are_put_together_of_pdf_alone() -> None:
    found = PageConverter.__new__(PageConverter).widen(Capabilities(formats=(PDF, POSTSCRIPT, "image/jpeg")))
    assert found.of().number_up == found.of(PDF).number_up == (1, 2, 4)
    assert found.of(POSTSCRIPT).number_up == found.of("image/jpeg").number_up == (1,)
    able = Capabilities(formats=(PDF, POSTSCRIPT), number_up=(1, 2))
    assert able.of().number_up == able.of(POSTSCRIPT).number_up == (1, 2)


# --- what devices can't do to pages themselves ---

FILE = Capabilities(formats=(PDF,), sides=("one-sided", "two-sided-long-edge"), collates=False, paper=False)
LETTER = "na_letter_8.5x11in"


async def rewritten(folder: Path, pages: int, device: Capabilities = DEVICE, **ticket: object) -> pikepdf.Pdf:
    """What a device gets."""
    converter = PageConverter(folder / "prepared")
    asked = Ticket(**ticket)  # type: ignore[arg-type]
    found = await converter.convert(paper(folder, pages), document(), asked, device)
    assert found is not None
    return pikepdf.open(io.BytesIO(b"".join([chunk async for chunk in found.read()])))


def boxes(pdf: pikepdf.Pdf) -> list[tuple[int, int]]:
    return [(round(float(page.mediabox[2])), round(float(page.mediabox[3]))) for page in pdf.pages]


async def test_single_pages_get_other_paper(tmp_path: Path) -> None:
    other = Override(((2, 2),), (), Ticket(media=LETTER))
    assert boxes(await rewritten(tmp_path, 3, overrides=(other,))) == [(200, 300), (612, 792), (202, 300)]


async def test_override_is_for_the_documents_that_it_names(tmp_path: Path) -> None:
    second = Override((), ((2, 3),), Ticket(media=LETTER))
    assert boxes(await rewritten(tmp_path, 2, overrides=(second,))) == [(200, 300), (201, 300)]
    first = Override((), ((1, 1),), Ticket(media_col=Media(MediaSize(21590, 27940))))
    assert boxes(await rewritten(tmp_path, 2, overrides=(first,))) == [(612, 792)] * 2


async def test_single_pages_are_turned(tmp_path: Path) -> None:
    turned = Override(((1, 1),), (), Ticket(orientation_requested=4))
    pdf = await rewritten(tmp_path, 2, overrides=(turned,))
    assert [int(page.obj.get("/Rotate", 0)) for page in pdf.pages] == [270, 0]


async def test_single_pages_on_one_side_have_blank_backs(tmp_path: Path) -> None:
    duplex = "two-sided-long-edge"
    alone = Override(((1, 1),), (), Ticket(sides="one-sided"))
    ticket = Ticket(sides=duplex, overrides=(alone,))
    pdf = await rewritten(tmp_path, 3, sides=duplex, overrides=(alone,))
    assert [width for width, _ in boxes(pdf)] == [200, 200, 201, 202]
    converter = PageConverter(tmp_path / "prepared")
    assert converter.settled(ticket, DEVICE) == Ticket(sides=duplex)
    both = Override(((1, 2),), (), Ticket(sides=duplex))
    assert converter.settled(Ticket(overrides=(both,)), DEVICE).sides == duplex


@pytest.mark.parametrize(
    ("handling", "expected"),
    [
        (None, [200, 201, 200, 201]),
        ("separate-documents-uncollated-copies", [200, 200, 201, 201]),
    ],
)
async def test_copies_are_made_for_what_can_not(
    handling: str | None, expected: list[int], tmp_path: Path
) -> None:
    ticket = {"copies": 2, "multiple_document_handling": handling}
    pdf = await rewritten(tmp_path, 2, FILE, **ticket)
    assert [width for width, _ in boxes(pdf)] == expected
    assert PageConverter(tmp_path / "prepared").settled(Ticket(copies=2), FILE) == Ticket()


async def test_pdf_that_is_kept_is_on_the_paper_that_was_asked_for_and_says_its_sides(tmp_path: Path) -> None:
    pdf = await rewritten(tmp_path, 1, FILE, media=LETTER, sides="two-sided-long-edge")
    assert boxes(pdf) == [(612, 792)]
    assert pdf.Root.ViewerPreferences.Duplex == pikepdf.Name.DuplexFlipLongEdge


async def test_pages_that_are_out_are_left_out(tmp_path: Path) -> None:
    converter = PageConverter(tmp_path / "prepared")
    ticket = Ticket(copies=2)
    found = await converter.convert(paper(tmp_path, 3), document(), ticket, DEVICE, 4)
    assert found is not None
    assert (found.left_out, found.document.impressions) == (4, 2)
    found = await converter.convert(paper(tmp_path, 3), document(), ticket, DEVICE, 10)
    assert found is not None
    assert (found.left_out, found.document.impressions) == (6, 0)


async def test_more_pages_than_anybody_prints_are_refused(tmp_path: Path) -> None:
    converter = PageConverter(tmp_path / "prepared")
    with pytest.raises(DocumentDamaged, match="more than"):
        await converter.convert(paper(tmp_path, 300), document(), Ticket(copies=999), FILE)
