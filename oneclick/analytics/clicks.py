"""Recording clicks: each visit with a genuine token, with its link, page and outcome.

No address or browser name is kept, only whether the visitor looks like a machine.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from common.db import insert, new_row
from common.web import rate_limit
from oneclick.analytics.clicked_product import find_product_id
from oneclick.analytics.likely_machines import is_robot, is_ticked_form
from oneclick.analytics.signs import BY_HAND, DOUBT, read_sum
from oneclick.links import signed_links
from oneclick.models import ActionToken, Click, LandingPage
from oneclick.redemption import link_actions
from oneclick.tokens.token_text import decode_nonce

# Per token; further visits are not recorded.
VISITS_PER_MINUTE = 30


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a click came from.

    `link` is a saved link's id. `page` is the slug of a landing page, empty for the default page and None for a page of
    the shop. `product` is the shop's id of the product that the link adds. `opens` is False if an earlier request
    reported that the link was opened. `fetched` says that a visit was recorded when the page was fetched.
    `signs` is the sum of the signs of a machine. `pressed` is how the script's button was pressed: by a `hand`, by a
    `key`, `quick` as programs do, or not at all; None for requests that are not the script's.
    """

    link: str = ""
    page: str | None = None
    product: str = ""
    opens: bool = True
    fetched: bool = False
    likely_machine: bool = False
    signs: int = 0
    pressed: str | None = None

    @property
    def needs_question(self) -> bool:
        """Whether only a press can tell if a person came."""
        return self.likely_machine and self.pressed == ""

    @property
    def is_cleared(self) -> bool:
        """Whether a hand has pressed the button that a doubt made the script show."""
        return self.signs >= DOUBT and self.pressed == "hand" and not self.likely_machine


def read_visit(request: HttpRequest, fields: Mapping[str, str]) -> Visit:
    """The visit of a request with these `fields`.

    The script sends the page and the state of the visit in the query: `fetched` if the visit was recorded with the
    page, `told` if the script has reported it before, else empty. A landing page's form sends `on_page`.
    """
    on_form = "on_page" in request.POST
    state = request.GET.get("visit", "fetched" if on_form else "")
    signs, pressed = read_sum(request.GET.get("signs", "0")), request.GET.get("pressed", "")
    weight = signs + (BY_HAND if pressed == "hand" else 0)
    return Visit(
        link=fields.get("og_link", ""),
        page=fields.get("page", "" if on_form else None),
        product=fields.get("og_product_id", ""),
        opens=state not in ("fetched", "told"),
        fetched=state == "fetched",
        likely_machine=weight >= DOUBT or is_robot(request) or is_ticked_form(request),
        signs=signs,
        pressed=pressed if "signs" in request.GET else None,
    )


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
        record(token, link_actions.find_link_action(action, fields).name, read_visit(request, fields))
    return token


def record_click(token: ActionToken, action: str, outcome: str, visit: Visit, **facts: Any) -> None:
    """`facts` are further columns of the click, with its product if the caller had to look it up earlier."""
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
    if visit.opens:
        record_click(token, action, "opened", visit)
    elif visit.fetched and not visit.likely_machine:
        mark_human(token)


def mark_human(token: ActionToken) -> None:
    """Mark the latest fetch, or visit that was asked, as a person's."""
    visits = Click.objects.filter(merchant=token.merchant, token=token, outcome__in=("fetched", "opened"))
    visits = visits.filter(likely_machine=True)
    Click.objects.filter(pk__in=visits.order_by("-pk").values("pk")[:1]).update(likely_machine=False)


def _link_and_page(token: ActionToken, visit: Visit) -> dict[str, Any]:
    link = signed_links.find_saved_link(token.merchant, visit.link) if visit.link else None
    return {"link": link, "landing_page": _find_landing_page(token, visit.page)}


def _find_landing_page(token: ActionToken, slug: str | None) -> LandingPage | None:
    if slug is None:
        return None
    pages = LandingPage.objects.filter(merchant=token.merchant)
    return pages.filter(slug=slug).first() if slug else pages.filter(is_default=True).first()
