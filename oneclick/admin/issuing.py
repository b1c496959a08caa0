"""A button on subscriptions and on orders still to come: a token by hand, shown once it is issued."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from oneclick.admin.tokens import show
from oneclick.tokens import manual_tokens
from subscriptions.models import Order, Subscription
from subscriptions.staff.buttons import Button, actor_of
from subscriptions.staff.roles import Right
from subscriptions.staff.site import site


def issue(request: HttpRequest, good_for: Order | Subscription, answers: dict[str, Any]) -> HttpResponse:
    return show(request, manual_tokens.issue_token(good_for, actor=actor_of(request)).result, answers)


ISSUE = Button(
    verb="issue-token",
    title="Issue 1-Click token",
    icon="key",
    right=Right.USE_TOKENS,
    question="Whoever has the token can act for this customer once. That you issued it is recorded.",
    run=issue,
    offered=lambda good_for: isinstance(good_for, Subscription) or manual_tokens.is_open_order(good_for),
)
for model in (Order, Subscription):
    site.get_model_admin(model).buttons += (ISSUE,)
