"""The merchant that a request of the staff pages is for. `PortalSite` sets it before any page runs."""

from django.http import HttpRequest

from subscriptions.models import Membership, Merchant


def set_memberships(request: HttpRequest, memberships: list[Membership], current: Membership | None) -> None:
    request.memberships = memberships  # type: ignore[attr-defined]  # ours
    request.membership = current  # type: ignore[attr-defined]  # ours
    request.merchant = current and current.merchant  # type: ignore[attr-defined]  # ours


def memberships_of(request: HttpRequest) -> list[Membership]:
    """All memberships of the user; empty before the login."""
    return getattr(request, "memberships", [])


def membership_of(request: HttpRequest) -> Membership | None:
    """The current membership; None before the login and for staff without a merchant."""
    return getattr(request, "membership", None)


def merchant_of(request: HttpRequest) -> Merchant:
    """The current merchant; there is one on every page but the login and "No merchant yet"."""
    membership = membership_of(request)
    if membership is None:
        raise LookupError("this page is not behind PortalSite.admin_view")
    return membership.merchant
