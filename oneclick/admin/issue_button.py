"""A button on subscriptions and upcoming orders that issues a token and shows it to staff."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from oneclick.admin.tokens import show_token
from oneclick.tokens import manual_tokens
from subscriptions.models import Order, Subscription
from subscriptions.staff.buttons import Button, actor_of
from subscriptions.staff.roles import Right
from subscriptions.staff.site import site


def issue_and_show(request: HttpRequest, target: Order | Subscription, answers: dict[str, Any]) -> HttpResponse:
    return show_token(request, manual_tokens.issue_token(target, actor=actor_of(request)).result, answers)


ISSUE = Button(
    verb="issue-token",
    title="Issue 1-Click token",
    icon="key",
    right=Right.USE_TOKENS,
    question="Anyone with the token can act for this customer once. Issuing it is recorded.",
    run=issue_and_show,
    offered=lambda target: isinstance(target, Subscription) or manual_tokens.is_open_order(target),
)
for model in (Order, Subscription):
    site.get_model_admin(model).buttons += (ISSUE,)
