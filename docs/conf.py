"""How Sphinx builds the documentation."""

from bactrian import __version__

project = "Bactrian"
author = "The Bactrian authors"
copyright = author
version = release = __version__
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"Bactrian {__version__}"
html_copy_source = False
html_show_sourcelink = False
