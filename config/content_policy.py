"""The content policy of staff pages, and of every answer without one of its own, as landing pages have."""

import base64
import hashlib
from pathlib import Path

from csp.constants import NONE, SELF, UNSAFE_INLINE


def style_source(page: Path) -> str:
    """What allows the style that a page holds, which has to show when no other file can be loaded."""
    style = page.read_text().partition("<style>")[2].partition("</style>")[0]
    return f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"


def build_content_policy(templates: Path) -> dict[str, dict[str, list[str]]]:
    return {
        "DIRECTIVES": {
            "default-src": [NONE],
            # No nonce: no page has code of its own, and the portal serves no file that others wrote as a script.
            "script-src": [SELF],
            "style-src": [SELF, style_source(templates / "plain.html")],
            # Widths of bars and places in charts are attributes.
            "style-src-attr": [UNSAFE_INLINE],
            # Pictures of products lie at the merchants'.
            "img-src": [SELF, "data:", "https:"],
            "font-src": [SELF],
            "connect-src": [SELF],
            "form-action": [SELF],
            "base-uri": [NONE],
            "frame-ancestors": [NONE],
        },
    }
