"""What fuzzing has found worth keeping, and every octet of it cut off once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz import targets

CORPUS = Path(__file__).parent / "corpus"
FILES = sorted(CORPUS.glob("*/*"))


@pytest.fixture(scope="module", autouse=True)
def fronts() -> Iterator[None]:
    """The loops of the HTTP target are closed in the end."""
    yield
    while targets._fronts:
        _, front = targets._fronts.popitem()
        front.loop.close()
        import logging

        logging.getLogger().removeHandler(front.errors)


@pytest.mark.parametrize("name", sorted({path.parent.name for path in FILES}))
def test_corpus_holds(name: str) -> None:
    found = [path for path in FILES if path.parent.name == name]
    assert len(found) >= 20
    for path in found:
        targets.TARGETS[name](path.read_bytes())
