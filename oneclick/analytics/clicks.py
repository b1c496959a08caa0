"""Recording clicks: each visit with a genuine token, with its link, page and outcome.

No address or browser name is kept, only whether the visitor looks like a machine.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone

from common.db import insert, new_row
from common.web import rate_limit
from oneclick.analytics.clicked_product import find_product_id
from oneclick.analytics.signs import CROWD_SECONDS
from oneclick.analytics.visits import Visit, read_visit, weigh_visit
from oneclick.links import signed_links
from oneclick.models import ActionToken, Click, LandingPage
from oneclick.redemption import link_actions
from oneclick.tokens.token_text import decode_nonce

# Per token; further visits are not recorded.
VISITS_PER_MINUTE = 30
# The script waits 20 seconds for a hand.
UNTOUCHED_WITHIN = timedelta(minutes=1)


def record_visit(
    request: HttpRequest,
    fields: Mapping[str, str],
    record: Callable[[ActionToken, str, Visit], None],
    public_id: UUID | None = None,
) -> ActionToken | None:
    """Record a visit that does not act yet by calling `record`; gives its token. A forged token costs no query.

    `fields` are the request's, including its action. With `public_id`, only that merchant's tokens count.
    """
    action = fields.get("action") or fields.get("og_quick_action", "")
    nonce = decode_nonce(fields.get("token", ""))
    if nonce is None or action not in link_actions.ACTION_NAMES:
        return None
    if rate_limit.count_request("visit", nonce.hex, VISITS_PER_MINUTE).exceeded:
        return None
    rows = ActionToken.objects.select_related("merchant", "subscription").filter(nonce=nonce)
    token = (rows.filter(merchant__public_id=public_id) if public_id else rows).first()
    if token:
        record(token, link_actions.find_link_action(action, fields).name, read_visit(request, fields, nonce))
    return token


def record_click(token: ActionToken, action: str, outcome: str, visit: Visit, **facts: Any) -> None:
    """`facts` are further columns of the click, with its product if the caller had to look it up earlier."""
    if visit.in_crowd:
        _mark_crowd(token)
    if visit.is_cleared or (visit.fetched and not visit.likely_machine):
        mark_human(token)
    if "product_id" not in facts:
        facts["product_id"] = find_product_id(token, action, visit.product)
    insert(
        new_row(
            Click,
            merchant=token.merchant,
            token=token,
            action=action,
            outcome=outcome,
            likely_machine=visit.likely_machine,
            **{"opens": visit.opens, **_link_and_page(token, visit), **facts},
        )
    )


def record_undo(token: ActionToken, outcome: str) -> None:
    """Record an undo for the link, the page and the product of the click that acted."""
    undone = Click.objects.filter(merchant=token.merchant, token=token, outcome="success").order_by("pk").first()
    source = {name: getattr(undone, name) for name in ("link_id", "landing_page_id", "product_id")} if undone else {}
    insert(Click(merchant=token.merchant, token=token, action="undo", outcome=outcome, **source))


def record_fetch(token: ActionToken, action: str, visit: Visit) -> None:
    """Record that a page was fetched. Scanners fetch pages too; only a later request can show a person."""
    record_click(token, action, "fetched", replace(visit, opens=True, fetched=False, likely_machine=True))


def record_unpressed_form(token: ActionToken, action: str, visit: Visit) -> None:
    """Record that a form was sent without a press of its button."""
    record_click(token, action, "unpressed", replace(visit, opens=False, fetched=False, likely_machine=True))


def record_opening(token: ActionToken, action: str, visit: Visit) -> None:
    """Record that the script waits for a press. If the page's fetch was recorded, that click is kept instead."""
    visit = weigh_visit(token, visit)
    if visit.opens:
        record_click(token, action, "opened", visit)
    elif visit.fetched and not visit.likely_machine:
        mark_human(token)


def mark_untouched(token: ActionToken, action: str, visit: Visit) -> None:
    """Mark the click that has just acted as a machine's: nobody has touched mouse or keys on its page."""
    since = timezone.now() - UNTOUCHED_WITHIN
    acted = Click.objects.filter(merchant=token.merchant, token=token, action=action, outcome="success", at__gte=since)
    acted.filter(likely_machine=False).update(likely_machine=True)


def mark_human(token: ActionToken) -> None:
    """Mark the latest fetch, or visit that was asked, as a person's."""
    visits = Click.objects.filter(merchant=token.merchant, token=token, outcome__in=("fetched", "opened"))
    visits = visits.filter(likely_machine=True)
    Click.objects.filter(pk__in=visits.order_by("-pk").values("pk")[:1]).update(likely_machine=False)


def _mark_crowd(token: ActionToken) -> None:
    """Mark what others did with the link just before as machines': people do not come by twos."""
    since = timezone.now() - timedelta(seconds=CROWD_SECONDS)
    Click.objects.filter(merchant=token.merchant, token=token, at__gte=since, likely_machine=False).update(
        likely_machine=True
    )


def _link_and_page(token: ActionToken, visit: Visit) -> dict[str, Any]:
    link = signed_links.find_saved_link(token.merchant, visit.link) if visit.link else None
    return {"link": link, "landing_page": _find_landing_page(token, visit.page)}


def _find_landing_page(token: ActionToken, slug: str | None) -> LandingPage | None:
    if slug is None:
        return None
    pages = LandingPage.objects.filter(merchant=token.merchant)
    return pages.filter(slug=slug).first() if slug else pages.filter(is_default=True).first()
