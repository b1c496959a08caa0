"""A landing page as HTML: the merchant's words and look, an outcome's banner, a form for use without JavaScript."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from oneclick.analytics.likely_machines import stamp_page
from oneclick.messages.customer_messages import error_message
from oneclick.messages.interface_messages import INTERFACE_MESSAGES, get_interface_messages
from oneclick.messages.questions import fill_question
from oneclick.models import LandingPage
from oneclick.pages import page_policy
from oneclick.pages.page_policy import support_address, web_address
from oneclick.redemption import link_actions
from oneclick.redemption.link_actions.link_action import LinkAction
from oneclick.redemption.parameters import pick_parameters
from subscriptions.errors import Refused
from subscriptions.models import Merchant

# What a form passes on besides the parameters of its action.
PASSED_ON = ("token", "og_link", "og_sig")


@dataclass(frozen=True, slots=True)
class Banner:
    """`kind` is success, error or notice. With a token in `undo`, the banner's button undoes the click."""

    kind: str
    message: str
    undo: str = ""
    button: str = ""


@dataclass(frozen=True, slots=True)
class PlainForm:
    """A link's form for browsers without JavaScript. `needs_tick` adds a checkbox that people tick.

    `stamp` comes back with the form, so that it shows how long the page was looked at.
    """

    address: str
    stamp: str
    fields: dict[str, str]
    question: str
    label: str
    needs_tick: bool = False


@dataclass(frozen=True, slots=True)
class RenderedPage:
    """`policy` is the Content-Security-Policy of `body`."""

    body: str
    policy: str


def render_landing_page(
    merchant: Merchant | None,
    page: LandingPage,
    *,
    banner: Banner | None = None,
    form: PlainForm | None = None,
    hint: str = "",
    nonce: str = "",
) -> RenderedPage:
    """A forged token names no merchant; the page then belongs to no shop. With the `nonce` of the page
    around it, it is a preview, which runs no script.

    Without a banner and a form, a browser without JavaScript shows `hint`.
    """
    texts = page_texts(merchant, page)
    locale = page_locale(merchant, page).replace("_", "-")
    style = page_policy.page_style(page)
    css_url = web_address(page.css_url)
    context = {
        "merchant": merchant,
        "page": page,
        "locale": locale,
        "direction": "rtl" if locale.split("-")[0] in settings.LANGUAGES_BIDI else "ltr",
        "texts": texts,
        # The script is built with texts in the shop's language; a page in another language brings its own.
        "script_texts": json.dumps(texts) if page.locale else "",
        "style": style,
        "logo_url": web_address(page.logo_url),
        "css_url": css_url,
        "continue_url": web_address(page.continue_url) or web_address(merchant.shop_url if merchant else ""),
        "support_url": support_address(page.support_contact),
        "banner": banner,
        "undo_address": form_address("undo", merchant, page),
        "form": form,
        "hint": hint or texts["needs_script"],
        "preview": bool(nonce),
        "nonce": nonce,
    }
    # Rendered without the request, so that no context processor opens a session.
    return RenderedPage(render_to_string("oneclick/landing.html", context), page_policy.content_policy(style, css_url))


def page_texts(merchant: Merchant | None, page: LandingPage) -> dict[str, str]:
    return get_interface_messages(merchant, page.locale) if merchant else INTERFACE_MESSAGES


def page_locale(merchant: Merchant | None, page: LandingPage) -> str:
    return page.locale or (merchant.locale if merchant else settings.LANGUAGE_CODE)


def plain_page(merchant: Merchant | None) -> LandingPage:
    """The page for a merchant without landing pages."""
    heading = (get_interface_messages(merchant) if merchant else INTERFACE_MESSAGES)["page_heading"]
    return LandingPage(title=merchant.name if merchant else heading, heading=heading)


def form_address(action: str, merchant: Merchant | None, page: LandingPage) -> str:
    """The address to which the page sends a form; the answer is the same page with a banner."""
    slug = "" if page.is_default else page.slug
    names = {"merchant": merchant.public_id.hex if merchant else "", "page": slug}
    address = reverse("oneclick:undo") if action == "undo" else reverse("oneclick:link_action", args=[action])
    return f"{address}?{urlencode({name: value for name, value in names.items() if value})}"


def ask_question(
    merchant: Merchant | None, page: LandingPage, link_action: LinkAction, given: Mapping[str, str]
) -> str:
    """The question that `page` asks before a link with the parameters `given` acts. Raises Refused as `plain_form`."""
    locale = page_locale(merchant, page)
    chosen = pick_parameters(given, link_action.parameters)
    try:
        facts = link_action.question_facts(merchant, chosen) if merchant else {}
    except Refused as refusal:
        raise Refused(refusal.code, error_message(link_action.name, refusal.code, merchant, locale)) from refusal
    text = page_texts(merchant, page)[f"confirm_{link_action.interface_code}"]
    return fill_question(merchant, text, given, locale, facts)


def plain_form(
    merchant: Merchant | None, page: LandingPage, action: str, given: Mapping[str, str], *, needs_tick: bool = False
) -> PlainForm | None:
    """The form of a link with the parameters `given` (by API name); None for an incomplete link.

    Raises Refused, with the sentence for the customer, for a link that names a product which links may not add.
    """
    if action not in link_actions.ACTION_NAMES or not given.get("token"):
        return None
    link_action = link_actions.find_link_action(action, given)
    texts = page_texts(merchant, page)
    return PlainForm(
        address=form_address(action, merchant, page),
        stamp=stamp_page(),
        fields={name: given[name] for name in (*PASSED_ON, *link_action.parameters) if name in given},
        question=ask_question(merchant, page, link_action, given),
        label=texts[f"button_{link_action.interface_code}"],
        needs_tick=needs_tick,
    )
