"""Property tests compile declarations at their first example, which no deadline should count."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("dcerpc", max_examples=60, deadline=None)
settings.load_profile("dcerpc")
