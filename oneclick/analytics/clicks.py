"""Noting clicks: who came with a good token, by which link to which page, and how it ended.

No address, no name of a browser: of a visitor only whether it looks like a machine is kept.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from common.db import insert, new_row
from common.web import rate_limit
from oneclick.analytics.likely_machines import is_robot
from oneclick.links import signed_links
from oneclick.models import ActionToken, Click, LandingPage
from oneclick.redemption import link_actions
from oneclick.tokens.token_text import decode_nonce

# Visits of one token that are noted in a minute; further ones change no number.
VISITS_PER_MINUTE = 30


@dataclass(frozen=True, slots=True)
class Visit:
    """How a click came: `link` is a saved one's id, `page` the slug of a landing page, None on the shop's own.

    `opens` unless the opening was told of before. `fetched`: it was noted when the page was fetched.
    """

    link: str = ""
    page: str | None = None
    opens: bool = True
    fetched: bool = False
    likely_machine: bool = False


def read_visit(request: HttpRequest, fields: Mapping[str, str]) -> Visit:
    """`fields` are the request's. The script names page and visit in the query, a page's form says it is one."""
    on_form = "on_page" in request.POST
    told = request.GET.get("visit", "fetched" if on_form else "")
    return Visit(
        link=fields.get("og_link", ""),
        page=fields.get("page", "" if on_form else None),
        opens=told not in ("fetched", "told"),
        fetched=told == "fetched",
        likely_machine=fields.get("machine") == "yes" or is_robot(request),
    )


def record_visit(
    request: HttpRequest,
    fields: Mapping[str, str],
    write: Callable[[ActionToken, str, Visit], None],
    public_id: UUID | None = None,
) -> None:
    """Write down a visit that asks for nothing yet. A forged token costs no query.

    `fields` are the request's, with its action; a token of another merchant than that of `public_id` is passed over.
    """
    action = fields.get("action") or fields.get("og_quick_action", "")
    nonce = decode_nonce(fields.get("token", ""))
    if nonce is None or action not in link_actions.ACTION_NAMES:
        return
    if rate_limit.count_request("visit", nonce.hex, VISITS_PER_MINUTE).exceeded:
        return
    rows = ActionToken.objects.select_related("merchant").filter(nonce=nonce)
    token = (rows.filter(merchant__public_id=public_id) if public_id else rows).first()
    if token:
        write(token, link_actions.find_link_action(action, fields).name, read_visit(request, fields))


def record_click(token: ActionToken, action: str, outcome: str, visit: Visit, **facts: Any) -> None:
    """Write the click down; `facts` are further columns of it."""
    if visit.fetched and not visit.likely_machine:
        mark_human(token)
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
    """It counts for the link and the page of the act."""
    act = Click.objects.filter(merchant=token.merchant, token=token, outcome="success").order_by("pk").first()
    way = {"link_id": act.link_id, "landing_page_id": act.landing_page_id} if act else {}
    insert(Click(merchant=token.merchant, token=token, action="undo", outcome=outcome, **way))


def record_fetch(token: ActionToken, action: str, visit: Visit) -> None:
    """A page was fetched, which a scanner does too; what comes next shows whether somebody is there."""
    record_click(token, action, "fetched", replace(visit, opens=True, fetched=False, likely_machine=True))


def record_unpressed_form(token: ActionToken, action: str, visit: Visit) -> None:
    """A form was sent that nobody pressed."""
    record_click(token, action, "unpressed", replace(visit, opens=False, fetched=False, likely_machine=True))


def record_opening(token: ActionToken, action: str, visit: Visit) -> None:
    """The script runs, and waits for a press; a fetch it was noted by is not noted again."""
    if visit.opens:
        record_click(token, action, "opened", visit)
    elif visit.fetched and not visit.likely_machine:
        mark_human(token)


def mark_human(token: ActionToken) -> None:
    """The latest fetch was a person's."""
    fetches = Click.objects.filter(merchant=token.merchant, token=token, outcome="fetched", likely_machine=True)
    Click.objects.filter(pk__in=fetches.order_by("-pk").values("pk")[:1]).update(likely_machine=False)


def _link_and_page(token: ActionToken, visit: Visit) -> dict[str, Any]:
    link = signed_links.find_saved_link(token.merchant, visit.link) if visit.link else None
    return {"link": link, "landing_page": _find_landing_page(token, visit.page)}


def _find_landing_page(token: ActionToken, slug: str | None) -> LandingPage | None:
    if slug is None:
        return None
    pages = LandingPage.objects.filter(merchant=token.merchant)
    return pages.filter(slug=slug).first() if slug else pages.filter(is_default=True).first()
