"""A landing page as HTML: a merchant's words and look, the banner of an outcome, the form for want of scripts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.timesince import TIME_STRINGS
from django.utils.translation import override

from common.web.placeholders import fill_placeholders
from oneclick.messages.interface_messages import INTERFACE_MESSAGES, get_interface_messages
from oneclick.models import LandingPage, OneClickSettings
from oneclick.pages import page_policy
from oneclick.pages.page_policy import support_address, web_address
from oneclick.redemption import link_actions
from subscriptions.calendar import Period
from subscriptions.models import Merchant

UNITS = {Period.DAYS: "day", Period.WEEKS: "week", Period.MONTHS: "month", Period.YEARS: "year"}
# What a form carries on besides what its action reads.
CARRIED = ("token", "og_link", "og_sig")


@dataclass(frozen=True, slots=True)
class Banner:
    """`kind` is success, error or notice. The button takes the act back where `undo` is a token."""

    kind: str
    message: str
    undo: str = ""
    button: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """`doubtful` asks for a tick besides: nothing has said that a person pressed."""

    address: str
    fields: dict[str, str]
    question: str
    label: str
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Rendered:
    body: str
    policy: str


def render_landing_page(
    merchant: Merchant | None,
    page: LandingPage,
    *,
    banner: Banner | None = None,
    form: Form | None = None,
    preview: bool = False,
) -> Rendered:
    """Without a merchant (a forged token names none) it is a page without a shop; a preview runs no script."""
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
        # The script's own are the shop's language.
        "script_texts": json.dumps(texts) if page.locale else "",
        "style": style,
        "logo_url": web_address(page.logo_url),
        "css_url": css_url,
        "continue_url": web_address(page.continue_url) or web_address(merchant.shop_url if merchant else ""),
        "support_url": support_address(page.support_contact),
        "banner": banner,
        "undo_address": form_address("undo", merchant, page),
        "form": form,
        "preview": preview,
    }
    # Rendered without the request, so that no context processor opens a session.
    return Rendered(render_to_string("oneclick/landing.html", context), page_policy.content_policy(style, css_url))


def page_texts(merchant: Merchant | None, page: LandingPage) -> dict[str, str]:
    return get_interface_messages(merchant, page.locale) if merchant else INTERFACE_MESSAGES


def page_locale(merchant: Merchant | None, page: LandingPage) -> str:
    return page.locale or (merchant.locale if merchant else settings.LANGUAGE_CODE)


def plain_page(merchant: Merchant | None) -> LandingPage:
    """What a merchant who has made no landing page shows."""
    heading = (get_interface_messages(merchant) if merchant else INTERFACE_MESSAGES)["page_heading"]
    return LandingPage(title=merchant.name if merchant else heading, heading=heading)


def form_address(action: str, merchant: Merchant | None, page: LandingPage) -> str:
    """Where a form of the page is sent; the answer is shown on the same page."""
    slug = "" if page.is_default else page.slug
    names = {"merchant": merchant.public_id.hex if merchant else "", "page": slug}
    address = reverse("oneclick:undo") if action == "undo" else reverse("oneclick:link_action", args=[action])
    return f"{address}?{urlencode({name: value for name, value in names.items() if value})}"


def link_form(
    merchant: Merchant | None, page: LandingPage, action: str, given: Mapping[str, str], *, doubtful: bool = False
) -> Form | None:
    """The form of a link whose parameters are `given` by the names of the API; None where it is no whole link."""
    if action not in link_actions.ACTION_NAMES or not given.get("token"):
        return None
    link_action = link_actions.find_link_action(action, given)
    texts = page_texts(merchant, page)
    return Form(
        address=form_address(action, merchant, page),
        fields={name: given[name] for name in (*CARRIED, *link_action.parameters) if name in given},
        question=fill_question(
            merchant, texts[f"confirm_{link_action.interface_code}"], given, page_locale(merchant, page)
        ),
        label=texts[f"button_{link_action.interface_code}"],
        doubtful=doubtful,
    )


def fill_question(merchant: Merchant | None, text: str, given: Mapping[str, str], locale: str) -> str:
    """The text of a confirm button's question, filled as the script fills it."""
    rules = getattr(merchant, "one_click", None) or OneClickSettings()
    period = given.get("og_every_period", "")
    unit = UNITS.get(Period(int(period))) if period in {str(number.value) for number in Period} else None
    facts = {
        "days": format_amount(given.get("days") or str(rules.delay_days), "day", locale),
        "quantity": given.get("og_quantity") or "1",
        "frequency": format_amount(given.get("og_every") or "1", unit, locale) if unit else "–",
    }
    return fill_placeholders(text, facts)


def format_amount(count: str, unit: str, locale: str) -> str:
    """Such as "2 weeks", in the language of `locale`; what is no number stays as it is written."""
    if not (count.isascii() and count.isdecimal() and len(count) < 10):
        return count
    with override(locale.replace("_", "-").lower()):
        return str(TIME_STRINGS[unit] % {"num": int(count)}).replace("\xa0", " ")
