"""The one family of errors the domain raises; each surface translates them once."""


class DomainError(Exception):
    """`code` is for programs, `sentence` for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class Refused(DomainError):
    """The act is not possible in the present state, or its input is wrong; nothing has changed."""


class NotFound(DomainError):
    """No such thing at this merchant."""


class Forbidden(DomainError):
    """The actor may not do this."""


class Busy(DomainError):
    """The customer's row is held by another write; trying again in a moment helps."""

    def __init__(self) -> None:
        super().__init__("busy", "This customer is being changed elsewhere; try again in a moment.")


SENTENCES = {
    "subscription_not_active": "This subscription is cancelled; reactivate it first.",
    "subscription_already_active": "This subscription is active already.",
    "prepaid_orders_remaining": "{n} prepaid orders are still to be delivered.",
    "product_discontinued": "This product is discontinued.",
    "next_order_date_past": "The next order date lies in the past; choose today or a later day.",
    "cancel_reason_too_long": "The cancel reason is longer than {n} characters; shorten it.",
}


def refused(code: str, **facts: object) -> Refused:
    """The refusal `code` with the sentence every surface shows for it."""
    return Refused(code, SENTENCES[code].format(**facts))
