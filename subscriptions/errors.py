"""The errors that the domain raises. Each interface translates them in one place."""


class DomainError(Exception):
    """`code` is for programs, `sentence` for people. If an action raises one, nothing has changed."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class Refused(DomainError):
    """The action is not possible in the current state, or its input is invalid."""


class NotFound(DomainError):
    """The merchant or the customer has no such record."""


class Forbidden(DomainError):
    """The actor may not do this."""


class Busy(DomainError):
    """Another write holds the row of the customer, or what the sentence says; try again in a moment."""

    def __init__(self, sentence: str = "") -> None:
        super().__init__("busy", sentence or SENTENCES["busy"])


SENTENCES = {
    "busy": "This customer is being changed elsewhere; try again in a moment.",
    "subscription_not_active": "This subscription is cancelled; reactivate it first.",
    "subscription_already_active": "This subscription is active already.",
    "subscription_not_in_order": "This subscription has no item in this order.",
    "order_not_open": "This order can no longer be changed.",
    "currency_differs": "This order is in {order}, and products are priced in {shop}; an order has one currency.",
    "order_not_restorable": "This order cannot be restored, because something has changed since.",
    "not_undoable": "This cannot be undone.",
    "undo_superseded": "Something else was changed since, so this can no longer be undone.",
    "order_not_rescuable": "This order cannot be rescued. {why}",
    "order_not_due": "This order is not due for placement, or its placement is over.",
    "order_reminded": "The customer has already been reminded of this order and its date.",
    "card_warned_of": "The customer has already been warned of this card by the card check of this day.",
    "card_warned_of_once": "The customer has already been warned of this card for this order.",
    "card_outlives_order": "The card is still valid on the day of this order.",
    "nothing_out_of_stock": "Everything in this order is in stock, or was found out of stock today already.",
    "order_out_of_stock": "Something in this order is out of stock.",
    "order_not_waiting_for_stock": "This order is not waiting for stock.",
    "order_waits_on": "No item of this order has waited for stock for too long yet.",
    "order_not_waiting": "This order does not wait for an instruction.",
    "prepaid_orders_remaining": "{n} prepaid orders are still to be delivered.",
    "prepaid_fixed": "A prepaid subscription does not allow this change.",
    "not_prepaid": "This subscription is not prepaid.",
    "already_prepaid": "This subscription is prepaid already.",
    "prepaid_unavailable": "Prepaid is not offered for this product.",
    "product_discontinued": "This product is discontinued.",
    "product_value": "Not changed: {problem}",
    "product_type_fixed": "A product keeps the type it was created with.",
    "price_differs": "While prepaid orders remain, the new product must cost the same.",
    "amount_too_large": "This comes to more than 9,999,999,999.99; choose a lower quantity or price.",
    "not_one_time": "Only a one-time item can become a subscription.",
    "record_inactive": "This address or payment is inactive.",
    "entitlement_ended": "This access has ended already.",
    "entitlement_running": "This access and its grace period are not over yet.",
    "customer_in_placement": "An order of this customer is being placed, or waits for a decision: settle it first.",
    "customer_exists": "There is a customer with the id {id} already.",
    "next_order_date_past": "The next order date lies in the past; choose today or a later day.",
    "order_date_not_future": "The order date must be tomorrow or later.",
    "place_date_past": "The date lies in the past; choose today or a later day.",
    "date_too_far": "The date is too far away; choose a day until December 31, 2999.",
    "cancel_reason_too_long": "The cancel reason is longer than {n} characters; shorten it.",
    "not_a_test_customer": "Only test customers have a clock; mark the customer as a test customer first.",
    "customer_has_history": "Orders of this customer were placed, or events sent; only a new one can become a test.",
    "customer_is_test": "This is a test customer already.",
    "shop_paused": "The shop is paused. Resume it at the end of the merchant's page; then jobs run again.",
    "job_off": "The settings of the merchant switch this job off.",
    "clocks_differ": "The clocks of these customers show different times; move them one by one.",
    "clock_out_of_range": "Choose a time after the one the clock shows, and at most a year after it.",
    "incentive_applied": "This incentive has been applied and can no longer change.",
    "incentive_place": "An incentive is for one order or one item of the customer.",
    "offer_empty": "An offer gives at least one discount.",
    "offer_repeated": "Two discounts take off the same on the same orders; make them one.",
    "resource_exists": "There is a resource with the id {id} already.",
    "grant_exists": "This product grants one of these resources already; update that grant.",
    "group_exists": "There is a group with the name {name} already.",
    "order_received": "The order {id} has been received already.",
    "checkout_not_failed": "This checkout has not failed, or it is being carried out just now.",
    "product_busy": "This product is being changed elsewhere; try again in a moment.",
    "replacement_running": "The subscriptions to this product are being replaced already; wait until that is done.",
    "replacement_arriving": "Subscriptions are being swapped for this product just now; wait until that is done.",
    "replacement_failed": "Something went wrong; the log of the task workers says what.",
    "substitute_unknown": "There is no such product at this merchant; choose another replacement.",
    "substitute_itself": "A product cannot replace itself; choose another one.",
    "substitute_discontinued": "The replacement is discontinued itself; choose another product.",
    "substitute_not_subscribable": "The replacement cannot be subscribed to; choose another product.",
    "nothing_selected": "Nothing to change: no row matches any more.",
    "too_many_rows": "These are more than {n} rows; narrow the list and take one part after the other.",
    "bulk_run_not_undoable": "This cannot be undone, or is being undone already.",
    "file_too_large": "The file is larger than {most} MB; split it, and import one part after the other.",
    "file_unreadable": "The file cannot be read. {why}",
    "column_missing": "Choose the column of the file that holds: {names}.",
    "column_twice": "Two columns are to hold “{name}”; choose one.",
    "import_changed": "This import has gone on meanwhile; nothing was done.",
    "nothing_subscribed": "The checkout holds no subscription.",
    "one_click_off": "1-Click is switched off; switch it on in its settings first.",
    "token_not_revocable": "Nothing to revoke: the token was used or revoked before.",
    "too_many_targets": "There are {n} webhook targets already; remove one first.",
    "name_taken": "There is a connection with the name {name} already; choose another name.",
    "target_off": "The target is switched off; switch it on first.",
    "not_replayable": "This cannot be sent again: it still waits, its body is no longer kept, or its target is off.",
    "invalid_locale": "Invalid locale: {given}",
    "invalid_value": "{name} must be {rule}.",
}


def refused(code: str, **facts: object) -> Refused:
    """The refusal with this code, to raise. `facts` fill the placeholders of its sentence."""
    return Refused(code, SENTENCES[code].format(**facts))
