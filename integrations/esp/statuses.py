"""The subscriber status of a person, which customers with the same e-mail address share."""

from collections.abc import Mapping

from django.db.models.functions import Lower

from subscriptions.models import Merchant

STATUS_PROPERTY = "Ordergroove Subscriber Status"
Identity = tuple[str | None, int]
"""A profile's e-mail address in lower case, or None, and the key of the customer an event is about."""


def subscriber_statuses(merchant: Merchant, identities: Mapping[int, Identity], *, with_tests: bool) -> dict[int, str]:
    """`active` or `inactive` for each of `identities`, as of now: an event sent late must not bring back an old status.

    An ESP has one profile for an e-mail address, which several customers may share: the profile is active if any of
    them has a live subscription. Without an address only the customer counts. Without `with_tests` no test customer
    does. Two queries at most, however many identities.
    """
    subscriptions = merchant.subscriptions.live()
    if not with_tests:
        subscriptions = subscriptions.filter(customer__is_test=False)
    emails = {email for email, _ in identities.values() if email}
    alone = {customer for email, customer in identities.values() if not email}
    active_emails: set[str] = set()
    active_customers: set[int] = set()
    if emails:
        by_email = subscriptions.annotate(lowered=Lower("customer__email")).filter(
            customer__merchant=merchant, lowered__in=emails
        )
        active_emails = set(by_email.values_list("lowered", flat=True).distinct())
    if alone:
        active_customers = set(subscriptions.filter(customer__in=alone).values_list("customer", flat=True))
    return {
        key: "active" if (email in active_emails if email else customer in active_customers) else "inactive"
        for key, (email, customer) in identities.items()
    }
