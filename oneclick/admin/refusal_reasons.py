"""What became of clicks, and why they were refused, in words for staff."""

REASONS = {
    "token_already_used": "the link had already been used",
    "expired_token": "the link had expired",
    "invalid_token": "the link was revoked",
    "token_wrong_context": "the link is for another action",
    "subscription_already_active": "the subscription was already active, or the order could no longer be changed",
    "invalid_og_product_id": "the product is not available",
    "invalid_og_offer_id": "links may not give this offer",
    "invalid_og_winback_id": "links may not give this offer",
    "undo_too_late": "the time to undo was over",
    "undo_already_done": "it had already been undone",
    "undo_superseded": "something had changed in the meantime",
}


OUTCOMES = {
    "success": "Success",
    "undone": "Undone",
    "opened": "Opened, not pressed",
    "fetched": "Page fetched",
    "unpressed": "Form sent without a press",
}
PARAMETERS = {
    "og_product_id": "product",
    "og_offer_id": "discount",
    "og_winback_id": "discount",
    "og_every": "frequency",
    "og_every_period": "unit of the frequency",
    "og_delay_by": "number of days",
    "og_quantity": "quantity",
    "og_sig": "signature",
}


def describe_outcome(outcome: str) -> str:
    """A click's outcome; for a refusal, its reason."""
    return OUTCOMES.get(outcome) or describe_refusal(outcome)


def describe_refusal(code: str) -> str:
    """A sentence for any code."""
    if code in REASONS:
        return REASONS[code].capitalize()
    kind, _, parameter = code.partition("_")
    name = PARAMETERS.get(parameter, parameter)
    if kind in ("missing", "invalid"):
        return f"The link has no {name}" if kind == "missing" else f"The link's {name} is wrong"
    return code.replace("_", " ").capitalize()
