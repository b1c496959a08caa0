"""What customers read after a click, word for word, and the merchant's own wording where it has one."""

from django.core.cache import cache

from oneclick.models import MessageText
from subscriptions.models import Merchant

# The delay table repeats the wording of reactivation, as the product text has it; CORRECTED is a merchant's choice.
ERRORS = {
    "product_upsell": {
        "invalid_token": "The link is invalid. The product was not added to your order.",
        "expired_token": "This link is expired. The product was not added to your order.",
        "token_already_used": "This link was previously used. The product was not added to your order.",
        "token_wrong_context": ("This link is not valid for this action. The product was not added to your order."),
        "missing_og_product_id": (
            "There was a technical error. "
            "The product was not added to your order. Please share the following code with customer "
            'service: "missing_og_product_id".'
        ),
        "invalid_og_product_id": ("The product is unavailable or invalid. The product was not added to your order."),
        "invalid_og_offer_id": (
            "The discount associated with your link is invalid. The product was not added to your order."
        ),
        "other": "The product was not added to your order.",
    },
    "subscription_upsell": {
        "invalid_token": "The link is invalid. The subscription was not created.",
        "expired_token": "This link is expired. The subscription was not created.",
        "token_already_used": "This link was previously used. The subscription was not created.",
        "token_wrong_context": "This link is not valid for this action. The subscription was not created.",
        "missing_og_product_id": (
            "There was a technical error. "
            "The subscription was not created. Please share the following code with customer service: "
            '"missing_og_product_id".'
        ),
        "invalid_og_product_id": "The product is unavailable or invalid. The subscription was not created.",
        "invalid_og_offer_id": ("The discount associated with your link is invalid. The subscription was not created."),
        "missing_og_every": (
            "There was a technical error. "
            "The subscription was not created. Please share the following code with customer service: "
            '"missing_og_every".'
        ),
        "missing_og_every_period": (
            "There was a technical error. "
            "The subscription was not created. Please share the following code with customer service: "
            '"missing_og_every_period".'
        ),
        "other": "The subscription was not created.",
    },
    "reactivate": {
        "invalid_token": "The link is invalid. Your subscription was not reactivated.",
        "expired_token": "This link is expired. Your subscription was not reactivated.",
        "token_already_used": "This link was previously used. Your subscription was not reactivated.",
        "token_wrong_context": ("This link is not valid for this action. Your subscription was not reactivated."),
        "subscription_already_active": "Your subscription is already active. No changes have been made.",
        "other": "Your subscription was not reactivated.",
    },
    "delay": {
        "invalid_token": "The link is invalid. Your subscription was not reactivated.",
        "expired_token": "This link is expired. Your subscription was not reactivated.",
        "token_already_used": "This link was previously used. Your subscription was not reactivated.",
        "token_wrong_context": ("This link is not valid for this action. Your subscription was not reactivated."),
        "subscription_already_active": "Your subscription is already active. No changes have been made.",
        "other": "Your subscription was not reactivated.",
    },
    "skip": {
        "invalid_token": "The link is invalid. Your order was not skipped.",
        "expired_token": "This link is expired. Your order was not skipped.",
        "token_already_used": "This link was previously used. Your order was not skipped.",
        "token_wrong_context": "This link is not valid for this action. Your order was not skipped.",
        "subscription_already_active": "Your order can no longer be changed. No changes have been made.",
        "other": "Your order was not skipped.",
    },
}
CORRECTED = {
    "delay": {
        "invalid_token": "The link is invalid. Your order was not delayed.",
        "expired_token": "This link is expired. Your order was not delayed.",
        "token_already_used": "This link was previously used. Your order was not delayed.",
        "token_wrong_context": "This link is not valid for this action. Your order was not delayed.",
        "subscription_already_active": "Your order can no longer be changed. No changes have been made.",
        "other": "Your order was not delayed.",
    },
}
SUCCESS = {
    "product_upsell": "{product_name} was added to your order for {date}.",
    "subscription_upsell": (
        "Your subscription to {product_name} was created. Delivery frequency: {frequency_description}."
    ),
    "reactivate": ("Your subscription to {product_name} is active again. Your next order is planned for {date}."),
    "delay": "Your order was delayed. Its new date is {date}.",
    "skip": "Your order was skipped. Your next order is planned for {date}.",
}
UNDO = {
    "success": "Your subscription to {product_name} is cancelled again.",
    "invalid_token": "This link is not valid. Nothing was undone.",
    "undo_too_late": "It is too late to undo this. Please contact customer service.",
    "undo_already_done": "This was undone before.",
    "undo_superseded": "Your subscription was changed since, so this can no longer be undone.",
    "other": "Nothing was undone. Please contact customer service.",
}
CACHE_SECONDS = 60


def error(table: str, code: str, merchant: Merchant | None = None, locale: str = "") -> str:
    """The customer's text for a refusal; a code the table does not name reads as its `other`."""
    texts = UNDO if table == "undo" else ERRORS[table]
    code = code if code in texts else "other"
    default = texts[code]
    if merchant is None:
        return default
    if merchant.one_click.corrected_delay_wording:
        default = CORRECTED.get(table, texts)[code]
    return _own_wording(merchant, locale, table, code) or default


def success(table: str, merchant: Merchant, locale: str, **facts: str) -> str:
    """The customer's text for a success, with `facts` such as product_name and date filled in."""
    default = UNDO["success"] if table == "undo" else SUCCESS[table]
    wording = _own_wording(merchant, locale, table, "success") or default
    for name, value in facts.items():
        # Not str.format: a merchant's wording may hold any braces.
        wording = wording.replace("{" + name + "}", value)
    return wording


def _own_wording(merchant: Merchant, locale: str, table: str, code: str) -> str | None:
    """In the customer's locale, else the merchant's."""
    texts = cache.get_or_set(f"one-click-texts:{merchant.pk}", lambda: _texts_of(merchant), CACHE_SECONDS) or {}
    return texts.get((locale, table, code)) or texts.get((merchant.locale, table, code))


def _texts_of(merchant: Merchant) -> dict[tuple[str, str, str], str]:
    rows = MessageText.objects.filter(merchant=merchant)
    return {(row.locale, row.table, row.code): row.text for row in rows}
