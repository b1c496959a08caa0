"""A visit: what a request through a link says of where it came from, and how much it looks like a machine's."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.http import HttpRequest

from common.web.client_address import client_address
from oneclick.analytics import signs
from oneclick.analytics.likely_machines import is_robot, is_ticked_form
from oneclick.models import ActionToken


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a click came from.

    `link` is a saved link's id. `page` is the slug of a landing page, empty for the default page and None for a page of
    the shop. `product` is the shop's id of the product that the link adds. `opens` is False if an earlier request
    reported that the link was opened. `fetched` says that a visit was recorded when the page was fetched.
    `signs` is the sum of the signs of a machine. `pressed` is how the script's button was pressed: by a `hand`, by a
    `key`, `quick` as programs do, or not at all; None for requests that are not the script's. `in_crowd`: another
    client came just before. `address` is the client's, which is stored nowhere.
    """

    link: str = ""
    page: str | None = None
    product: str = ""
    opens: bool = True
    fetched: bool = False
    likely_machine: bool = False
    signs: int = 0
    pressed: str | None = None
    in_crowd: bool = False
    address: str = field(default="", repr=False)

    @property
    def needs_question(self) -> bool:
        """Whether only a press can tell if a person came."""
        return self.likely_machine and self.pressed == ""

    @property
    def is_cleared(self) -> bool:
        """Whether a hand has pressed the button that a doubt made the script show."""
        return self.signs >= signs.DOUBT and self.pressed == "hand" and not self.likely_machine


def read_visit(request: HttpRequest, fields: Mapping[str, str], nonce: UUID | None = None) -> Visit:
    """The visit of a request with these `fields` and the token with this `nonce`.

    The script sends the page and the state of the visit in the query: `fetched` if the visit was recorded with the
    page, `told` if the script has reported it before, else empty. A landing page's form sends `on_page`.
    """
    on_form = "on_page" in request.POST
    state = request.GET.get("visit", "fetched" if on_form else "")
    address, is_scripts = client_address(request), "signs" in request.GET
    visit = Visit(
        link=fields.get("og_link", ""),
        page=fields.get("page", "" if on_form else None),
        product=fields.get("og_product_id", ""),
        opens=state not in ("fetched", "told"),
        fetched=state == "fetched",
        likely_machine=is_robot(request) or is_ticked_form(request),
        pressed=request.GET.get("pressed", "") if is_scripts else None,
        in_crowd=is_scripts and nonce is not None and signs.is_in_crowd(nonce, address, request),
        address=address,
    )
    return _add_signs(visit, signs.read_sum(request.GET.get("signs", "0")) + (signs.CROWD if visit.in_crowd else 0))


def weigh_visit(token: ActionToken, visit: Visit) -> Visit:
    """`visit` with the signs that the token's merchant and event add, if the script sent it."""
    return visit if visit.pressed is None else _add_signs(visit, signs.weigh_token(token, visit.address))


def _add_signs(visit: Visit, weight: int) -> Visit:
    total = visit.signs + weight
    likely = total + (signs.BY_HAND if visit.pressed == "hand" else 0) >= signs.DOUBT
    return replace(visit, signs=total, likely_machine=visit.likely_machine or likely)
