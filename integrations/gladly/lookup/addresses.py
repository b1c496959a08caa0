"""The addresses of forms and submits, as Gladly is told them."""

from django.conf import settings
from django.urls import reverse

from integrations.models import Connection
from subscriptions.models import Order, Subscription


def lookup_path(connection: Connection) -> str:
    """From the root of the portal; with `PUBLIC_URL` before it, it is what staff enter in Gladly."""
    return reverse("gladly_lookup", args=[connection.public_id.hex]).rstrip("/")


def cancel_path(connection: Connection, subscription: Subscription) -> str:
    return _shown_path(connection, f"/actions/cancel/{subscription.public_id.hex}")


def skip_path(connection: Connection, subscription: Subscription, order: Order) -> str:
    return _shown_path(connection, f"/actions/skip/{subscription.public_id.hex}/{order.public_id.hex}")


def _shown_path(connection: Connection, path: str) -> str:
    """`GLADLY_FORM_URL_MODE` says what Gladly puts the address behind: the host, or the app's whole address."""
    return path if settings.GLADLY_FORM_URL_MODE == "append" else lookup_path(connection) + path
