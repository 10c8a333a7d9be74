import subprocess
import sys

import pytest

import pagebell.testing
from pagebell.testing import pdf


def test_every_public_name_is_there() -> None:
    for name in pagebell.testing.__all__:
        assert getattr(pagebell.testing, name) is not None
    with pytest.raises(AttributeError):
        pagebell.testing.no_such_name  # noqa: B018


def test_plugin_loads_nothing_of_the_server() -> None:
    script = (
        "import sys, pagebell.testing.pytest_plugin as p; print([m for m in sys.modules if 'pagebell' in m])"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert eval(told) == ["pagebell", "pagebell.testing", "pagebell.testing.pytest_plugin"]


def test_pdf_says_what_it_is_told() -> None:
    pypdfium2 = pytest.importorskip("pypdfium2")
    document = pypdfium2.PdfDocument(pdf(2, "Seite {page} (von {pages}) \\ für {you}"))
    texts = [document[n].get_textpage().get_text_range() for n in range(2)]
    assert texts == [f"Seite {n} (von 2) \\ für {{you}}" for n in (1, 2)]
