"""How staff read an amount."""

from decimal import Decimal


def money(amount: Decimal, currency: str) -> str:
    """`USD 1,250.00`."""
    return f"{currency} {amount:,.2f}"
