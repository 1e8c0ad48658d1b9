"""The frame of a report: one file that needs no other, for the screen and for paper."""

from collections.abc import Mapping

from chancery_audit.domain.report_markup import css_string, safe

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""Nothing is loaded and nothing runs, whatever stands in the page."""
_STYLE = """
:root { color-scheme: light; }
body { font: 10.5pt/1.45 Georgia, 'Times New Roman', serif; color: #1c1c1c; background: #fff; }
body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3, th, dt, caption, nav, .pill { font-family: 'Helvetica Neue', Arial, sans-serif; }
h1 { font-size: 20pt; margin: 0 0 .2rem; }
h2 { font-size: 13pt; margin: 2.2rem 0 .5rem; border-bottom: 1px solid #888; padding-bottom: .2rem; overflow-wrap: anywhere; }
h3 { font-size: 10pt; margin: 0; }
a { color: #1a4a7a; overflow-wrap: anywhere; }
.lead { color: #444; margin-top: 0; overflow-wrap: anywhere; }
.mono { font: 8.5pt/1.4 Menlo, Consolas, 'DejaVu Sans Mono', monospace; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: 9rem 1fr; gap: .15rem 1rem; margin: .5rem 0; }
dt { font-size: 8.5pt; color: #444; padding-top: .15rem; }
dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-size: 9.5pt; margin: .5rem 0; }
caption { text-align: left; font-size: 8.5pt; color: #444; padding: .2rem 0; break-after: avoid; }
td, th { text-align: left; vertical-align: top; padding: .2rem .5rem .2rem 0; overflow-wrap: anywhere; }
th { font-size: 8.5pt; }
tbody th { font-weight: normal; width: 22%; }
tbody tr:first-child { break-before: avoid; }
tr { border-bottom: 1px solid #ccc; break-inside: avoid; }
thead { display: table-header-group; }
.gist { background: #f3f6f9; padding: .5rem .9rem; margin: .6rem 0 1rem; }
.gist .text { font-size: 11pt; }
.label { font: 8.5pt 'Helvetica Neue', Arial, sans-serif; color: #444; margin: .4rem 0 0; }
.step { margin: .8rem 0; padding-left: .8rem; border-left: 3px solid #8fa3b8; }
.step h3, .step .at { break-after: avoid; }
.at { color: #555; font-size: 8.5pt; margin: 0; }
.text { white-space: pre-wrap; margin: .25rem 0; overflow-wrap: anywhere; orphans: 3; widows: 3; }
.quiet { color: #555; margin: .25rem 0; }
.pill { font-size: 8.5pt; font-weight: normal; padding: .05rem .5rem; border-radius: .6rem; border: 1px solid; white-space: nowrap; }
.good { color: #14602f; }
.bad { color: #9b1c1c; }
.note { background: #f4f1e8; padding: .6rem .9rem; margin: 1rem 0; break-inside: avoid; }
.whole { break-inside: avoid; }
h2 { break-after: avoid; }
@media print {
  body { margin: 0; padding: 0; max-width: none; }
  .gist, .note, .pill { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  section.interaction { break-before: page; }
  a { color: inherit; text-decoration: none; }
}
"""


def page(title: str, corners: Mapping[str, str], body: str) -> str:
    """`corners`: what each printed page says at `top-left`, `top-right` and `bottom-left`; its number stands at the bottom right."""
    boxes = "".join(f"@{place} {{ content: {css_string(words)}; {_SMALL} }} " for place, words in corners.items())
    numbered = f'@bottom-right {{ content: "page " counter(page) " of " counter(pages); {_SMALL} }}'
    first = "@page :first { @top-left { content: none } @top-right { content: none } }"
    style = f"@page {{ size: A4; margin: 20mm 16mm 18mm; {boxes}{numbered} }} {first}{_STYLE}"
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width"><meta name="referrer" content="no-referrer">'
        f"<title>{safe(title)}</title><style>{style}</style>"
    )
    return f'<!doctype html><html lang="en"><head>{head}</head><body><main>{body}</main></body></html>'


_SMALL = "font: 7.5pt Arial, sans-serif; color: #444; white-space: nowrap;"
