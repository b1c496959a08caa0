"""What customers read after a click, in English and word for word. `oneclick/locale` has the other languages."""

from collections.abc import Mapping

from django.utils.translation import gettext_noop as _
from django.utils.translation import ngettext_lazy

from subscriptions.calendar import Period

Table = Mapping[str, str]

# The delay table repeats the wording of reactivation, as the product text has it; CORRECTED is a merchant's choice.
REACTIVATE_ERRORS = {
    "invalid_token": _("The link is invalid. Your subscription was not reactivated."),
    "expired_token": _("This link is expired. Your subscription was not reactivated."),
    "token_already_used": _("This link was previously used. Your subscription was not reactivated."),
    "token_wrong_context": _("This link is not valid for this action. Your subscription was not reactivated."),
    "subscription_already_active": _("Your subscription is already active. No changes have been made."),
    "other": _("Your subscription was not reactivated."),
}
DEFAULT_MESSAGES: dict[str, Table] = {
    "delay": {
        "success": _("Your order was delayed. Its new date is {date}."),
        **REACTIVATE_ERRORS,
    },
    "skip": {
        "success": _("Your order was skipped. Your next order is planned for {date}."),
        "success_last": _("Your order was skipped."),
        "invalid_token": _("The link is invalid. Your order was not skipped."),
        "expired_token": _("This link is expired. Your order was not skipped."),
        "token_already_used": _("This link was previously used. Your order was not skipped."),
        "token_wrong_context": _("This link is not valid for this action. Your order was not skipped."),
        "subscription_already_active": _("Your order can no longer be changed. No changes have been made."),
        "other": _("Your order was not skipped."),
    },
    "reactivate": {
        "success": _("Your subscription to {product_name} is active again. Your next order is planned for {date}."),
        **REACTIVATE_ERRORS,
    },
    "product_upsell": {
        "success": _("{product_name} was added to your order for {date}."),
        "invalid_token": _("The link is invalid. The product was not added to your order."),
        "expired_token": _("This link is expired. The product was not added to your order."),
        "token_already_used": _("This link was previously used. The product was not added to your order."),
        "token_wrong_context": _("This link is not valid for this action. The product was not added to your order."),
        "missing_og_product_id": _(
            "There was a technical error. The product was not added to your order. "
            'Please share the following code with customer service: "missing_og_product_id".'
        ),
        "invalid_og_product_id": _("The product is unavailable or invalid. The product was not added to your order."),
        "invalid_og_offer_id": _(
            "The discount associated with your link is invalid. The product was not added to your order."
        ),
        "other": _("The product was not added to your order."),
    },
    "subscription_upsell": {
        "success": _("Your subscription to {product_name} was created. Delivery frequency: {frequency_description}."),
        "invalid_token": _("The link is invalid. The subscription was not created."),
        "expired_token": _("This link is expired. The subscription was not created."),
        "token_already_used": _("This link was previously used. The subscription was not created."),
        "token_wrong_context": _("This link is not valid for this action. The subscription was not created."),
        "missing_og_product_id": _(
            "There was a technical error. The subscription was not created. "
            'Please share the following code with customer service: "missing_og_product_id".'
        ),
        "invalid_og_product_id": _("The product is unavailable or invalid. The subscription was not created."),
        "invalid_og_offer_id": _(
            "The discount associated with your link is invalid. The subscription was not created."
        ),
        "missing_og_every": _(
            "There was a technical error. The subscription was not created. "
            'Please share the following code with customer service: "missing_og_every".'
        ),
        "missing_og_every_period": _(
            "There was a technical error. The subscription was not created. "
            'Please share the following code with customer service: "missing_og_every_period".'
        ),
        "other": _("The subscription was not created."),
    },
    "undo": {
        "delay": _("Your order is planned for {date} again."),
        "skip": _("Your order is planned for {date} again."),
        "reactivate": _("Your subscription to {product_name} is cancelled again."),
        "product_upsell": _("{product_name} was taken off your order again."),
        "subscription_upsell": _("Your subscription to {product_name} is cancelled again."),
        "invalid_token": _("This link is not valid. Nothing was undone."),
        "undo_too_late": _("It is too late to undo this. Please contact customer service."),
        "undo_already_done": _("This was undone before."),
        "undo_superseded": _("Something was changed since, so this can no longer be undone."),
        "other": _("Nothing was undone. Please contact customer service."),
    },
}
CORRECTED_MESSAGES: dict[str, Table] = {
    "delay": {
        "invalid_token": _("The link is invalid. Your order was not delayed."),
        "expired_token": _("This link is expired. Your order was not delayed."),
        "token_already_used": _("This link was previously used. Your order was not delayed."),
        "token_wrong_context": _("This link is not valid for this action. Your order was not delayed."),
        "subscription_already_active": _("Your order can no longer be changed. No changes have been made."),
        "other": _("Your order was not delayed."),
    },
}
FREQUENCIES = {
    Period.DAYS: ngettext_lazy("Every day", "Every %(n)d days", "n"),
    Period.WEEKS: ngettext_lazy("Every week", "Every %(n)d weeks", "n"),
    Period.MONTHS: ngettext_lazy("Every month", "Every %(n)d months", "n"),
    Period.YEARS: ngettext_lazy("Every year", "Every %(n)d years", "n"),
}
