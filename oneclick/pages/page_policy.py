"""Puts a merchant's own values into a page and its headers safely."""

import base64
import hashlib
import re

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from oneclick.models import LandingPage
from oneclick.pages import origins


def page_style(page: LandingPage) -> str:
    """The page's colours, and the layer of its banner, as CSS."""
    accent, success, error = (page_color(page, f"{name}_color") for name in ("accent", "success", "error"))
    rules = [f":root{{--accent:{accent};--on-accent:{text_color_on(accent)}}}"]
    for kind, color in (("success", success), ("error", error)):
        rules.append(f".alert-container--{kind}{{--alert-ground:{color};--alert-ink:{text_color_on(color)}}}")
    if page.z_index is not None:
        rules.append(f".alert-container{{z-index:{int(page.z_index)}}}")
    return "".join(rules)


def page_color(page: LandingPage, field: str) -> str:
    """The page's colour; the default if the stored text is not a colour."""
    color: str = getattr(page, field)
    return color if re.fullmatch("#[0-9a-fA-F]{6}", color) else str(getattr(LandingPage(), field))


def text_color_on(color: str) -> str:
    """Black or white, whichever is easier to read on `color`."""
    red, green, blue = (linear_channel(int(color[at : at + 2], 16) / 255) for at in (1, 3, 5))
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    # Contrast with white and with black is equal at 0.179 (WCAG 2.2, relative luminance).
    return "#000" if light > 0.179 else "#fff"


def linear_channel(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def content_policy(style: str, css_url: str) -> str:
    """The page's Content-Security-Policy; it allows `style` by hash and the merchant's style sheet by origin."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    own = f" {origins.parse_origin(css_url)}" if css_url else ""
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            f"style-src 'self' 'sha256-{digest}'{own}",
            "img-src 'self' https: data:",
            "font-src https:",
            f"connect-src 'self' {origins.parse_origin(settings.PUBLIC_URL)}",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )


def web_address(text: str) -> str:
    """The text if it is a plain http(s) address, else empty: it goes into links and a header."""
    return text if re.fullmatch(r"https?://[\w.:\[\]-]+([/?#][^\s;,\"'<>]*)?", text) else ""


def support_address(contact: str) -> str:
    """The link of an e-mail address or phone number; empty for any other text."""
    try:
        validate_email(contact)
    except ValidationError:
        number = re.sub(r"[^\d+]", "", contact)
        return f"tel:{number}" if re.fullmatch(r"[+\d][\d\s().\-/]{4,}", contact) else ""
    return f"mailto:{contact}"
