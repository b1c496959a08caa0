"""The link builder: one page that shows the link, and everything made from it, while staff choose.

As staff type, the page reloads each part from the server (`_part`). Without JavaScript, the Preview button reloads the
whole page.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from oneclick.admin import pickers
from oneclick.admin.link_form import SAVE_ERRORS, LinkForm
from oneclick.admin.link_testing import open_test_link
from oneclick.links import link_urls, message_templates, shop_page, sms_length
from oneclick.links.event_links import kinds_with_token
from oneclick.links.link_warnings import find_link_warnings, has_registered_origin
from oneclick.models import ActionToken, Esp, OneClickSettings, SavedLink
from oneclick.redemption.link_actions import LINK_ACTIONS
from oneclick.redemption.link_actions.link_action import LinkAction
from subscriptions.staff.audit import describe_changes
from subscriptions.staff.roles import Right, may

MODES = [
    {"value": "", "title": "As in your settings", "about": "At once, unless your settings ask first", "icon": "tune"},
    {"value": "instant", "title": "At once", "about": "Even where your settings ask first", "icon": "bolt"},
    {"value": "confirm", "title": "After one button", "about": "The page asks first", "icon": "touch_app"},
]
# The part of the form that asks for a parameter.
SECTIONS = {
    "days": "days",
    "og_product_id": "product",
    "og_every": "frequency",
    "og_offer_id": "discount",
    "winback_id": "discount",
}
# Has the length of a real token.
SAMPLE_TOKEN = "AR8mX2q0ZkTtYv3nLw7RjPc1Hs5GdKe9Uo4NbFiQxVg4"
SaveLink = Callable[[HttpRequest, SavedLink, str], HttpResponse]
Context = dict[str, Any]


def builder_page(request: HttpRequest, link: SavedLink, context: Context, save: SaveLink) -> HttpResponse:
    """The page, or the part that the request names. `_save` saves the link, `_test` opens it with a test token."""
    form = bind_form(request, link)
    is_valid = form.is_valid()
    if part := PARTS.get(request.POST.get("_part", "")):
        template, part_context = part
        return TemplateResponse(
            request, f"admin/links/{template}.html", {"editable": True, "is_part": True, **part_context(form)}
        )
    if "_save" in request.POST and is_valid:
        return save(request, form.instance, describe_changes(form))
    if "_test" in request.POST and (response := open_test_link(request, form)):
        return response
    context = {**context, **form_context(form)}
    # Errors show after an attempt to save, and when a saved link is opened.
    shows_errors = "_save" in request.POST if request.method == "POST" else link.pk
    if not shows_errors:
        form.errors.clear()
    if not may(request, Right.USE_TOKENS):
        context["test_targets"] = None
    if "_preview" in request.POST and context["checks_page"]:
        # Without JavaScript the page cannot ask for this part later.
        context |= shop_page_context(form)
    return TemplateResponse(request, "admin/links/builder.html", context)


def bind_form(request: HttpRequest, link: SavedLink) -> LinkForm:
    """The form bound to the posted values, else to its initial ones, so that the link shows from the start."""
    form_class = type("MerchantLinkForm", (LinkForm,), {"merchant": link.merchant})
    if request.method == "POST":
        return form_class(request.POST, instance=link)
    unbound = form_class(instance=link)
    values = {name: unbound.get_initial_for_field(field, name) for name, field in unbound.fields.items()}
    if not link.pk:
        # The page of an offer leads here with the offer chosen.
        values |= {name: request.GET[name] for name in ("link_action", "offer") if name in request.GET}
    return form_class({name: value for name, value in values.items() if value is not None}, instance=link)


def form_context(form: LinkForm) -> Context:
    """The context of the whole page."""
    merchant = form.merchant
    pages = pickers.landing_page_choices(merchant)
    form.fields["days"].widget.attrs["placeholder"] = find_settings(form).delay_days
    return {
        **link_context(form),
        **product_context(form),
        **offer_context(form),
        "form": form,
        "values": {name: form[name].value() for name in form.fields},
        "esps": Esp.choices,
        "link_actions": [(row, list_sections(row)) for row in LINK_ACTIONS.values()],
        "modes": MODES,
        "landing_pages": pages,
        "default_page_about": next((f"Now: {page['name']}" for page in pages if page["is_default"]), "A plain page"),
        "event_choices": event_choices(form),
        "test_targets": {
            "orders": pickers.find_test_orders(merchant),
            "subscriptions": pickers.find_test_subscriptions(merchant),
        },
    }


def list_sections(link_action: LinkAction) -> str:
    """The parts of the form that the action needs: its scope, and the parts for its parameters."""
    return " ".join([link_action.scope, *(SECTIONS[name] for name in link_action.parameters if name in SECTIONS)])


def event_choices(form: LinkForm) -> list[dict[str, Any]]:
    """The events a link may be attached to, with the scope of the token that each carries."""
    checked = form["event_kinds"].value() or []
    return [
        {"kind": kind, "scope": scope, "checked": kind.name in checked}
        for scope in ActionToken.Scope.values
        for kind in kinds_with_token(scope)
    ]


def link_context(form: LinkForm) -> Context:
    """The link as it stands, what is made from it, and its warnings."""
    link, name = form.instance, form.cleaned_data.get("link_action")
    unfinished = [error for name, errors in form.errors.items() if name not in SAVE_ERRORS for error in errors]
    if not name:
        return {"link": link, "unfinished": unfinished, "checks_page": False}
    link_action, rules = LINK_ACTIONS[name], find_settings(form)
    merge_tag = link_urls.merge_tag_of(link)
    sample_sms = message_templates.sms_message(link, link_action, SAMPLE_TOKEN)
    return {
        "link": link,
        "unfinished": unfinished,
        "url": link_urls.email_url(link, merge_tag),
        "length": len(link_urls.email_url(link, SAMPLE_TOKEN)),
        "button": message_templates.email_button_html(link, link_action, merge_tag),
        "sms": message_templates.sms_message(link, link_action, merge_tag),
        "sample_sms": sample_sms,
        "sms_size": sms_length.measure_sms(sample_sms),
        "sms_url_length": len(link_urls.sms_url(link, SAMPLE_TOKEN)),
        "max_shortened_length": link_urls.MAX_SHORTENED_LENGTH,
        "warnings": [] if unfinished else find_link_warnings(link, rules),
        "checks_page": bool(link.page_url) and not unfinished and has_registered_origin(link.page_url, rules),
    }


def find_settings(form: LinkForm) -> OneClickSettings:
    merchant = form.merchant
    return OneClickSettings.objects.filter(merchant=merchant).first() or OneClickSettings(merchant=merchant)


def product_context(form: LinkForm) -> Context:
    term, chosen = form.posted_text("product_term"), form.posted_text("product")
    return {"products": pickers.product_candidates(form.merchant, term, chosen)}


def offer_context(form: LinkForm) -> Context:
    term, chosen = form.posted_text("offer_term"), form.posted_text("offer")
    return {"offers": pickers.offer_candidates(form.merchant, term, chosen)}


def shop_page_context(form: LinkForm) -> Context:
    """Whether the link's page loads the script; only pages of the shop's own origins are read."""
    url = "" if form.errors.get("page_url") else form.instance.page_url
    is_own = bool(url) and has_registered_origin(url, find_settings(form))
    return {"finding": shop_page.check_shop_page(form.instance) if is_own else None}


PARTS: dict[str, tuple[str, Callable[[LinkForm], Context]]] = {
    "link": ("link", link_context),
    "products": ("products", product_context),
    "offers": ("offers", offer_context),
    "shop_page": ("shop_page", shop_page_context),
}
