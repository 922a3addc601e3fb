"""Owns the look of the project's pages: one style for light and dark, no script, nothing from elsewhere."""

# Lines of CSS and HTML are as long as they are.
# ruff: noqa: E501

TERM_COLOURS = ("#2b6cb0", "#b7791f", "#6b46c1", "#2c7a7b", "#97266d")
"""One after the other for terms; white is readable on each."""

REFUSED_COLOUR = "#c53030"

PAGE_STYLE = """
:root { color-scheme: light dark; --ink: #1a202c; --pale: #718096; --line: #e2e8f0; --paper: #fff; --bad: #c53030; --good: #2f855a; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e2e8f0; --pale: #a0aec0; --line: #2d3748; --paper: #14181f; --bad: #fc8181; --good: #68d391; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1040px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .3rem; } p { margin: .3rem 0; }
svg { width: 100%; height: auto; font: 13px system-ui, sans-serif; } svg text { fill: var(--ink); } .pale { fill: var(--pale); color: var(--pale); }
table { border-collapse: collapse; } td, th { padding: .15rem .9rem .15rem 0; text-align: right; } th:first-child, td:first-child { text-align: left; }
.bad { color: var(--bad); font-weight: 700; } .good { color: var(--good); font-weight: 700; }
"""
