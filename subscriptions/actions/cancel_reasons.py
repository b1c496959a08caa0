"""The reasons that staff and customers choose from when they cancel, and how a subscription's reason reads."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet

from subscriptions.models import CancelReason, Merchant, Subscription

OTHER_REASON = "1"
CHOSEN_FROM = "msi"
"""The list of reasons to choose from; the API may know of others."""


def offered_reasons(merchant: Merchant) -> QuerySet[CancelReason]:
    """What can be chosen now, in the order of the list."""
    return CancelReason.objects.filter(merchant=merchant, application=CHOSEN_FROM, archived=False)


def reason_labels(merchant: Merchant) -> dict[int, str]:
    """The text of each code that can be chosen, or could."""
    rows = CancelReason.objects.filter(merchant=merchant, application=CHOSEN_FROM)
    return dict(rows.values_list("code", "label"))


def place_reason(reason: CancelReason, before: CancelReason | None) -> None:
    """Put `reason` right after `before` in its list, or first."""
    with transaction.atomic():
        Merchant.objects.select_for_update(no_key=True).get(pk=reason.merchant_id)
        rows = CancelReason.objects.filter(merchant=reason.merchant_id, application=reason.application)
        others = [row for row in rows if row.pk != reason.pk]
        index = next((index for index, row in enumerate(others, 1) if before and row.pk == before.pk), 0)
        ordered = [*others[:index], reason, *others[index:]]
        for position, row in enumerate(ordered, 1):
            row.position = position
        CancelReason.objects.bulk_update(ordered, ["position"])


def describe_reason(subscription: Subscription, labels: Mapping[int, str]) -> str:
    """`Overstocked (cupboard is full)`: the label of the reason's code and the text; empty without a reason."""
    code, text = subscription.cancel_reason_code, subscription.cancel_reason_text
    if code is None:
        return text
    label = labels.get(code, f"code {code}")
    return f"{label} ({text})" if text and text != label else label


def encode_cancel_reason(reason: CancelReason | None, text: str) -> str:
    """The reason as `code|text`: the label stands for a missing comment, the code of "other" for a missing reason."""
    if reason is None:
        return f"{OTHER_REASON}|{text}" if text else ""
    return f"{reason.code}|{text or reason.label}"
