"""The keys of a subscription in a result, and whether `GLADLY_TRANSACTION_KEYS` names them right."""

from collections import Counter
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

TRANSACTION_KEYS = (
    *("type", "id", "status", "createdAt", "updatedAt", "billingFrequency", "nextBillingAt", "cancelledAt"),
    *("cancellationReason", "price", "quantity", "currencyCode", "products", "actions"),
)


def check_transaction_keys(**kwargs: Any) -> list[CheckMessage]:
    """System check integrations.E001: a wrong name would change nothing, and of two with one name one would be lost."""
    given: dict[str, str] = settings.GLADLY_TRANSACTION_KEYS
    named = Counter(given.get(name, name) for name in TRANSACTION_KEYS)
    faults = [f"there is no key “{name}”" for name in given if name not in TRANSACTION_KEYS]
    faults += [f"two keys would be called “{name}”" for name, times in named.items() if times > 1]
    faults += [f"“{name}” is given no name" for name, other in given.items() if not other]
    if not faults:
        return []
    hint = f"Keys that can have other names: {', '.join(TRANSACTION_KEYS)}."
    return [Error(f"GLADLY_TRANSACTION_KEYS: {'; '.join(faults)}.", hint=hint, id="integrations.E001")]
