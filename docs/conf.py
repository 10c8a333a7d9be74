"""How Sphinx builds these pages: `make docs`."""

from importlib.metadata import version as installed

project = "Pagebell"
author = "The Pagebell authors"
release = version = installed("pagebell")
extensions = ["myst_parser"]
html_theme = "furo"
html_title = f"Pagebell {release}"
exclude_patterns = ["_build"]
myst_heading_anchors = 3
nitpicky = True
