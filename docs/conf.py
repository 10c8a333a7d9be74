"""How Sphinx builds these pages: `make docs`."""

import sys
from importlib.metadata import version as installed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).with_name("_ext")))

project = "Pagebell"
author = "The Pagebell authors"
release = version = installed("pagebell")
extensions = ["myst_parser", "generated"]
html_theme = "furo"
html_title = f"Pagebell {release}"
exclude_patterns = ["_build", "_ext"]
myst_heading_anchors = 3
nitpicky = True
