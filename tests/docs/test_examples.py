"""The examples in README.md and docs/ work as they stand there."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.docs.examples import MARKED, MARKS, ROOT, Session, examples, pages, systemd_complaints

PAGES = [page for page in pages() if {one.mark for one in examples(page)} & (MARKS - {"not-run"})]
NOT_RUN = 12
"""So many examples need what no test has, at most: a printer of its own, a machine to install on."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_of_a_page_run(page: Path, tmp_path: Path) -> None:
    with Session(tmp_path, examples(page)) as session:
        session.go_through()


def test_every_example_says_whether_it_is_run() -> None:
    unmarked = [
        str(one)
        for page in pages()
        for one in examples(page)
        if (one.language in MARKED or one.mark) and one.mark not in MARKS
    ]
    assert unmarked == []


def test_what_is_not_run_says_why_and_is_seldom() -> None:
    found = [one for page in pages() for one in examples(page)]
    left = [one for one in found if one.mark == "not-run"]
    assert [str(one) for one in left if not one.argument] == []
    assert len(left) <= NOT_RUN, [str(one) for one in left]
    counts = Counter(one.mark for one in found)
    print(", ".join(f"{mark}: {counts[mark]}" for mark in sorted(MARKS)))


def test_unit_file_is_what_systemd_understands(tmp_path: Path) -> None:
    page = ROOT / "docs/how-to/service.md"
    (unit,) = (one.text for one in examples(page) if one.language == "ini")
    assert systemd_complaints(tmp_path, unit) == ""
