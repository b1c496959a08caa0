"""Who may do what on the staff pages: the one table of roles and rights."""

from enum import StrEnum

from django.http import HttpRequest

from subscriptions.models import Role
from subscriptions.staff.current_merchant import membership_of


class Right(StrEnum):
    VIEW = "view"
    """See customers, orders, the catalogue, tokens' states, events and deliveries."""
    ACT = "act"
    """Cancel and reactivate one customer's subscriptions; send their orders, try them again or give them up; grant and
    end access; give incentives."""
    CATALOGUE = "catalogue"
    """Change products, product groups, offers and resources."""
    BULK = "bulk"
    """Change many rows of a list at once."""
    EXPORT = "export"
    """Take lists of customers, orders and subscriptions away as files."""
    DISCONTINUE = "discontinue"
    """Discontinue a product, which swaps or ends every subscription to it."""
    REVOKE_TOKENS = "revoke_tokens"
    USE_TOKENS = "use_tokens"
    """See a token in its usable form, and so the sandbox inbox."""
    LINKS = "links"
    """Change landing pages, links and the 1-Click settings."""
    DELIVERIES = "deliveries"
    """Send a failed delivery again."""
    CONNECTIONS = "connections"
    """See, change, test and resume connections; send sample events."""
    ERASE = "erase"
    """Have a customer's profile deleted at an ESP, which cannot be undone."""
    JOBS = "jobs"
    """Run a job now, which writes to customers or places orders."""
    TEST = "test"
    """Make test customers, move their clocks, choose what the simulator answers."""
    SETTINGS = "settings"
    """Change the merchant, its gateway, team, keys and cancel reasons; go live; see the requests of API keys."""


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
    Role.SUPPORT: frozenset({Right.VIEW, Right.ACT, Right.REVOKE_TOKENS, Right.DELIVERIES, Right.TEST}),
    Role.READ_ONLY: frozenset({Right.VIEW}),
}


def may(request: HttpRequest, right: Right | None) -> bool:
    """Whether the role at the current merchant has `right`; nobody has the right None."""
    membership = membership_of(request)
    return membership is not None and right in RIGHTS[membership.role]
