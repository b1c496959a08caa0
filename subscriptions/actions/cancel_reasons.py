"""The reasons that staff and customers choose from when they cancel, and how a subscription's reason reads."""

from collections.abc import Mapping

from django.db.models import QuerySet

from subscriptions.models import CancelReason, Merchant, Subscription

OTHER_REASON = "1"


def offered_reasons(merchant: Merchant) -> QuerySet[CancelReason]:
    return CancelReason.objects.filter(merchant=merchant, application="msi")


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
