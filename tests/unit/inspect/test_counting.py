import io
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagebell.converters import counting
from pagebell.converters.counting import Damaged
from pagebell.testing import pdf


def count(format: str, octets: bytes) -> int | None:
    return counting.COUNTS[format](io.BytesIO(octets))


def pwg(*pages: bytes, total: int = 0, width: int = 4, height: int = 3, bits: int = 8) -> bytes:
    def header() -> bytes:
        made = bytearray(1796)
        line = -(-width * bits // 8)
        for at, value in ((372, width), (376, height), (388, bits), (392, line), (452, total)):
            made[at : at + 4] = value.to_bytes(4, "big")
        return bytes(made)

    return b"RaS2" + b"".join(header() + page for page in pages)


def urf(*pages: bytes, total: int = 0, width: int = 4, height: int = 3, bits: int = 8) -> bytes:
    header = (
        bytes([bits, 0, 1, 4]) + bytes(8) + width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes(12)
    )
    return b"UNIRAST\0" + total.to_bytes(4, "big") + b"".join(header + page for page in pages)


REPEATED = b"\x02\x03\xff"  # a line three times: one run of four
MIXED = b"\x00\xfd\x01\x02\x03\x04" + b"\x01\x80"  # four octets as they are; twice a white line


@pytest.mark.parametrize(("make", "format"), [(pwg, "image/pwg-raster"), (urf, "image/urf")])
def test_raster_pages_are_walked_through(make, format: str) -> None:  # type: ignore[no-untyped-def]
    assert count(format, make(REPEATED)) == 1
    assert count(format, make(REPEATED, MIXED, REPEATED)) == 3
    assert count(format, make(REPEATED, total=9)) == 9


@pytest.mark.parametrize(("make", "format"), [(pwg, "image/pwg-raster"), (urf, "image/urf")])
def test_damaged_raster_is_told(make, format: str) -> None:  # type: ignore[no-untyped-def]
    whole = make(REPEATED, MIXED)
    for octets in (b"", b"RaS3" + bytes(2000), make(), whole[:-1], whole[: len(make(REPEATED)) + 9]):
        with pytest.raises(Damaged):
            count(format, octets)
    for size in (0, 2**32 - 1):
        with pytest.raises(Damaged):
            count(format, make(REPEATED, width=size))


def test_raster_that_takes_too_long_has_no_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "BUDGET", -1.0)
    assert count("image/pwg-raster", pwg(REPEATED)) is None
    assert count("image/urf", urf(REPEATED)) is None


@pytest.mark.interop
@pytest.mark.skipif(shutil.which("gs") is None, reason="Ghostscript is not installed")
@pytest.mark.parametrize(("device", "format"), [("pwgraster", "image/pwg-raster"), ("urfgray", "image/urf")])
def test_ghostscript_s_raster_is_counted(device: str, format: str, tmp_path: Path) -> None:
    (tmp_path / "in.pdf").write_bytes(pdf(3))
    command = ["gs", "-q", "-dSAFER", "-dNOPAUSE", "-dBATCH", f"-sDEVICE={device}", "-r72"]
    made = subprocess.run([*command, f"-o{tmp_path}/out", f"{tmp_path}/in.pdf"], check=False)
    if made.returncode:
        pytest.skip(f"this Ghostscript has no {device}")
    octets = (tmp_path / "out").read_bytes()
    if format == "image/pwg-raster":
        assert count(format, octets) == 3
    assert count(format, octets[:8] + bytes(4) + octets[12:] if format == "image/urf" else octets) == 3


@pytest.mark.parametrize("pages", [1, 2, 40])
def test_pdf_pages_are_counted(pages: int) -> None:
    assert count("application/pdf", pdf(pages)) == pages


@pytest.mark.parametrize("claimed", [9, 900_000, 2_000_000_000])
def test_pdf_that_claims_too_many_pages_has_those_that_are_there(claimed: int) -> None:
    assert count("application/pdf", pdf(5).replace(b"/Count 5", b"/Count %d" % claimed)) == 5


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"%PDF-1.7",
        b"hello",
        pdf(3)[:200],
        pdf(0),
        pdf(2).replace(b"/Kids [4 0 R 6 0 R]", b"/Kids [2 0 R 2 0 R]"),
    ],
)
def test_broken_pdf_is_told_in_a_sentence(octets: bytes) -> None:
    with pytest.raises(Damaged, match=r"^The PDF .*\.$"):
        count("application/pdf", octets)


def encrypted() -> bytes:
    """A PDF that says it is encrypted, with a password that nobody knows."""
    entry = b"/Encrypt <</Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s>>> /ID [<00><00>]" % (
        b"00" * 32,
        b"11" * 32,
    )
    return pdf(1).replace(b"/Root 1 0 R", entry + b" /Root 1 0 R")


def test_pdf_with_a_password_says_so() -> None:
    with pytest.raises(Damaged, match="password"):
        count("application/pdf", encrypted())


@pytest.mark.parametrize(
    ("octets", "pages"),
    [
        (b"%!PS-Adobe-3.0\n%%Pages: 12\n%%EndComments\n", 12),
        (b"%!PS-Adobe-3.0\r%%Pages: 7\r%%EndComments\r", 7),
        (b"%!PS-Adobe-3.0\n%%Pages: (atend)\n%%EndComments\nshowpage\n%%Trailer\n%%Pages: 3\n%%EOF\n", 3),
        (b"%!PS-Adobe-3.0\n%%Pages: (atend)\n%%EndComments\n", None),
        (b"%!PS\nshowpage\n", None),
        (b"%!PS-Adobe-3.0\n%%EndComments\n%%Pages: 9\n", None),
        (b"", None),
    ],
)
def test_postscript_pages_are_what_its_comments_say(octets: bytes, pages: int | None) -> None:
    assert count("application/postscript", octets) == pages


@pytest.mark.parametrize(
    ("octets", "pages"),
    [
        (b"", 1),
        (b"one line", 1),
        (b"x\n" * 66, 1),
        (b"x\n" * 66 + b"y", 2),
        (b"x\n" * 132, 2),
        (b"a\fb", 2),
        (b"a\n\f", 1),
        (b"\f\f", 2),
        (b"x\n" * 67 + b"\f" + b"y", 3),
    ],
)
def test_text_has_66_lines_a_page(octets: bytes, pages: int) -> None:
    assert count("text/plain", octets) == pages


def test_pictures_are_one_page() -> None:
    assert count("image/jpeg", b"\xff\xd8\xff\xe0....") == 1
    assert count("image/png", b"\x89PNG\r\n\x1a\n....") == 1
    for format in ("image/jpeg", "image/png"):
        with pytest.raises(Damaged):
            count(format, b"GIF89a")


HEADS = st.sampled_from(
    [b"", b"RaS2", b"UNIRAST\0", b"%!PS\n%%Pages: ", b"\xff\xd8\xff", pwg(REPEATED), urf(REPEATED, MIXED)]
)


@given(
    format=st.sampled_from(sorted(set(counting.COUNTS) - {"application/pdf"})), head=HEADS, tail=st.binary()
)
def test_any_octets_have_a_count_or_are_damaged(format: str, head: bytes, tail: bytes) -> None:
    try:
        pages = count(format, head + tail)
    except Damaged:
        return
    assert pages is None or 0 <= pages <= counting.MAX_PAGES
