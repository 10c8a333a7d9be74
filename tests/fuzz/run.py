"""Fuzz a target: `python -m tests.fuzz.run http tests/fuzz/corpus/http -max_total_time=60`, with libFuzzer's options.

What is new is written to the first folder that is named. A finding is written to a file crash-...; when it is
mended, that file becomes part of the corpus, which `test_corpus.py` runs with every other test.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["pagebell"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    name, *options = sys.argv[1:]
    atheris.Setup([sys.argv[0], *options], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
