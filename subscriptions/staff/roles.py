"""Who may do what on the staff pages: the one table of roles and rights, and what owners have switched in it."""

from django.db.models import TextChoices
from django.http import HttpRequest

from subscriptions.models import Membership, Role, RoleSwitch
from subscriptions.staff.current_merchant import membership_of


class Right(TextChoices):
    """Each label completes "may …", for staff."""

    VIEW = "view", "see customers, orders, the catalogue, links, settings, events and deliveries; no secret"
    # What is done to one customer.
    CANCEL = "cancel", "cancel subscriptions and one-time orders"
    REACTIVATE = "reactivate", "reactivate subscriptions"
    SKIP = "skip", "skip orders"
    CHANGE_DATE = "change_date", "change the dates of orders"
    SEND_NOW = "send_now", "send orders now, which charges the customer"
    SWAP = "swap", "swap products"
    QUANTITY = "quantity", "change quantity and frequency"
    CONTENTS = "contents", "add products to orders, remove items, make a subscription of them"
    PRICES = "prices", "change prices and offers"
    INCENTIVES = "incentives", "give, change and take back discounts and gifts"
    PREPAID = "prepaid", "make subscriptions prepaid, change what follows"
    FAILED = "failed", "settle failed orders and checkouts: try again, rescue, give up, mark as placed"
    PAYMENTS = "payments", "change cards and other payments"
    ADDRESSES = "addresses", "change addresses"
    CONTACT = "contact", "change contact details"
    ACCESS = "access", "grant, change and revoke access to resources"
    TAGS = "tags", "tag customers"
    NOTES = "notes", "write notes about customers"
    # The others.
    CATALOGUE = "catalogue", "change products, product groups, offers and resources"
    BULK = "bulk", "do to many rows of a list at once what they may do to one"
    EXPORT = "export", "take lists of customers, orders and subscriptions away as files"
    IMPORT = "import", "import files, and take all customers with their payment tokens away as files"
    DISCONTINUE = "discontinue", "discontinue a product, which swaps or ends every subscription to it"
    REVOKE_TOKENS = "revoke_tokens", "revoke a token"
    USE_TOKENS = "use_tokens", "see a token in its usable form, and the sandbox inbox"
    LINKS = "links", "change links, landing pages, messages and the 1-Click settings"
    DELIVERIES = "deliveries", "send a failed delivery again"
    CONNECTIONS = "connections", "see, change, test and resume connections; send sample events"
    ERASE = "erase", "take away all that is kept about a customer, and erase a customer, here and at Klaviyo"
    JOBS = "jobs", "run a job now"
    TEST = "test", "make test customers, move their clocks, choose the simulator's answers"
    SETTINGS = (
        "settings",
        "change the merchant, gateway, team, keys and cancel reasons; go live; see API requests",
    )


ON_CUSTOMERS = (
    *(Right.CANCEL, Right.REACTIVATE, Right.SKIP, Right.CHANGE_DATE, Right.SEND_NOW, Right.SWAP, Right.QUANTITY),
    *(Right.CONTENTS, Right.PRICES, Right.INCENTIVES, Right.PREPAID, Right.FAILED, Right.PAYMENTS, Right.ADDRESSES),
    *(Right.CONTACT, Right.ACCESS, Right.TAGS, Right.NOTES),
)
RIGHTS: dict[str, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.MARKETING: frozenset(
        {
            Right.VIEW,
            Right.EXPORT,
            Right.CATALOGUE,
            Right.REVOKE_TOKENS,
            Right.USE_TOKENS,
            Right.LINKS,
            Right.DELIVERIES,
            Right.CONNECTIONS,
            Right.TEST,
        }
    ),
    Role.SUPPORT: frozenset({Right.VIEW, *ON_CUSTOMERS, Right.REVOKE_TOKENS, Right.DELIVERIES, Right.TEST}),
    Role.READ_ONLY: frozenset({Right.VIEW}),
}
"""The defaults. An owner can switch `SWITCHED_RIGHTS` of `SWITCHED_ROLES`; the others mean what their names say."""
SWITCHED_ROLES = (Role.MARKETING, Role.SUPPORT)
SWITCHED_RIGHTS = (*ON_CUSTOMERS, Right.BULK, Right.EXPORT)


def may(request: HttpRequest, right: Right | None) -> bool:
    """Whether the role at the current merchant has `right`; nobody has the right None."""
    membership = membership_of(request)
    return membership is not None and right in rights_of(membership)


def rights_of(membership: Membership) -> frozenset[str]:
    """The rights of the role at this merchant. Read once, since each request has a membership of its own."""
    if membership.rights is None:
        switched = read_switches(membership) if membership.role in SWITCHED_ROLES else {}
        defaults = RIGHTS[membership.role]
        membership.rights = frozenset(right for right in Right if switched.get(right, right in defaults))
    return membership.rights


def read_switches(membership: Membership) -> dict[str, bool]:
    rows = RoleSwitch.objects.filter(merchant=membership.merchant_id, role=membership.role, right__in=SWITCHED_RIGHTS)
    return dict(rows.values_list("right", "allowed"))
