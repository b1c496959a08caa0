"""How values look on the staff pages."""

import json
from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

SYMBOLS = {"USD": "$", "CAD": "CA$", "AUD": "A$", "GBP": "£", "EUR": "€"}


def money(amount: Decimal, currency: str) -> str:
    """`$1,250.00`; a currency without a sign of its own leads with its code."""
    return f"{SYMBOLS.get(currency, currency + ' ')}{amount:,.2f}"


def pretty_json(value: Any) -> SafeString:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return format_html('<pre class="staff-json">{}</pre>', text)
