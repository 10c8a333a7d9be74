"""PDFs for tests: valid, small, of as many pages as wanted."""

from __future__ import annotations

_PAGE = (
    "<</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {} 0 R "
    "/Resources <</Font <</F1 3 0 R>>>>>>"
)


def pdf(pages: int = 1, text: str = "Page {page} of {pages}") -> bytes:
    """An A4 PDF with so many pages, each with `text` on it; `{page}` and `{pages}` in it are filled in.

    Characters beyond Latin-1 become question marks: the font is one that every reader has.
    """
    numbers = range(1, pages + 1)
    kids = " ".join(f"{2 + 2 * n} 0 R" for n in numbers)
    objects = [
        b"<</Type /Catalog /Pages 2 0 R>>",
        f"<</Type /Pages /Count {pages} /Kids [{kids}]>>".encode(),
        b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding>>",
    ]
    for page in numbers:
        said = text.replace("{page}", str(page)).replace("{pages}", str(pages))
        content = b"BT /F1 24 Tf 72 760 Td (" + _escaped(said) + b") Tj ET"
        objects.append(_PAGE.format(3 + 2 * page).encode())
        objects.append(b"<</Length %d>>\nstream\n%s\nendstream" % (len(content), content))
    return _file(objects)


def _file(objects: list[bytes]) -> bytes:
    """Header, numbered objects, and the table of where each begins (ISO 32000-1 7.5)."""
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def _escaped(text: str) -> bytes:
    escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return escaped.replace("\r", r"\r").replace("\n", r"\n").encode("latin-1", "replace")
