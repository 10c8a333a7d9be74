"""A whole domain takes a minute to make: `make domain` runs these tests, `make test` does not."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("PAGEBELL_DOMAIN") else ["test_*.py"]
