"""Which kinds of events a merchant's webhooks ask for. Those for webhooks alone are emitted only on request."""

from collections.abc import Iterable

from subscriptions.models import Merchant


def request_webhook_kinds(merchant: Merchant, kinds: Iterable[str]) -> None:
    """From now on the merchant's webhooks ask for `kinds`, by the names of the catalogue, and for no others."""
    merchant.webhook_kinds = sorted(set(kinds))
    merchant.save(update_fields=["webhook_kinds"])
