"""Test link: staff open the link they are building with a token for a test customer."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from oneclick.admin import pickers
from oneclick.admin.link_form import SAVE_ERRORS, LinkForm
from oneclick.links import link_urls
from oneclick.models import ActionToken
from oneclick.redemption.link_actions import LINK_ACTIONS
from oneclick.tokens import manual_tokens
from oneclick.tokens.token_text import encode_token
from subscriptions.errors import DomainError, Refused
from subscriptions.models import Order, Subscription
from subscriptions.staff.buttons import actor_of
from subscriptions.staff.roles import Right, may


def open_test_link(request: HttpRequest, form: LinkForm) -> HttpResponse | None:
    """Open the link with a token for the chosen test customer; None, with a message to staff, if that fails."""
    if not may(request, Right.USE_TOKENS):
        raise PermissionDenied
    try:
        if form.errors.keys() - SAVE_ERRORS:
            raise Refused("unfinished", "Finish the link first; what is missing is listed below.")
        token = manual_tokens.issue_token(find_test_target(form), actor=actor_of(request)).result
    except DomainError as error:
        messages.error(request, error.sentence)
        return None
    return HttpResponseRedirect(link_urls.email_url(form.instance, encode_token(token)))


def find_test_target(form: LinkForm) -> Order | Subscription:
    """The test customer's order or subscription that staff chose for the test. Raises Refused."""
    targets: list[Any]
    if LINK_ACTIONS[form.cleaned_data["link_action"]].scope == ActionToken.Scope.ORDER:
        targets, chosen = pickers.find_test_orders(form.merchant), form.posted_text("test_order")
    else:
        targets, chosen = pickers.find_test_subscriptions(form.merchant), form.posted_text("test_subscription")
    target = next((row for row in targets if str(row.pk) == chosen), None)
    if target is None:
        raise Refused("no_test_target", "Choose a test customer to test the link with.")
    return target
