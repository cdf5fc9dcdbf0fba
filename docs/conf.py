"""How Sphinx builds the reference: make docs."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from evalkit import __version__

project = "evalkit"
release = __version__
copyright = ""
extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "myst_parser", "pages"]
exclude_patterns = ["pages", "pictures", "reference/examples"]
# One pair of backticks is a name of code, as docstrings have it.
default_role = "literal"

# Two dashes are an option, not a dash.
smartquotes = False
autodoc_typehints = "none"
autodoc_preserve_defaults = True
autodoc_class_signature = "mixed"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_param = False
napoleon_use_ivar = True
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"evalkit {release}"
html_static_path = ["static"]
html_css_files = ["reference.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
# Excerpts in the search would be fetched, which pages opened from a file share may not do.
html_show_search_summary = False
