"""The builder of links: one page that shows, while staff choose, the link and all that is made of it.

The page asks the server anew for each part (`_part`) as staff type; without JavaScript the button Preview does the
same for the whole page.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from oneclick.admin import pickers
from oneclick.admin.link_form import LinkForm
from oneclick.links import link_urls, link_warnings, message_templates, shop_page, sms_length
from oneclick.links.event_links import kinds_with_token
from oneclick.models import ActionToken, Esp, OneClickSettings, SavedLink
from oneclick.redemption.link_actions import LINK_ACTIONS, link_actions_of_scope
from oneclick.tokens import manual_tokens
from oneclick.tokens.token_text import encode_token
from subscriptions.errors import DomainError, Refused
from subscriptions.models import Order, Subscription
from subscriptions.staff.buttons import actor_of
from subscriptions.staff.roles import Right, may
from subscriptions.staff.search import clean_search_term

# Title, explanation and icon.
MODES = {
    "": ("As your settings say", "At once, unless they ask for one button", "tune"),
    "instant": ("At once", "Even where your settings ask for a button", "bolt"),
    "confirm": ("After one button", "The page asks first", "touch_app"),
}
# As long as a customer's own.
SAMPLE_TOKEN = "AR8mX2q0ZkTtYv3nLw7RjPc1Hs5GdKe9Uo4NbFiQxVg4"
# What a link can do without, as long as it is not kept.
UNNEEDED = {"name", NON_FIELD_ERRORS}
Keep = Callable[[HttpRequest, SavedLink, list[str]], HttpResponse]
Context = dict[str, Any]


def page(request: HttpRequest, link: SavedLink, around: Context, keep: Keep) -> HttpResponse:
    """The page, or the part of it that is asked for; `_save` keeps the link, `_try` opens it."""
    form = form_of(request, link)
    is_valid = form.is_valid()
    if part := PARTS.get(request.POST.get("_part", "")):
        template, fill = part
        context = {"editable": True, "alone": True, **fill(form)}
        return TemplateResponse(request, f"admin/links/{template}.html", context)
    if "_save" in request.POST and is_valid:
        return keep(request, form.instance, form.changed_data)
    if "_try" in request.POST and (answer := attempt(request, form)):
        return answer
    context = {**around, **whole(form)}
    if not wants_errors(request, link):
        form.errors.clear()
    if not may(request, Right.USE_TOKENS):
        context["trials"] = None
    if "_preview" in request.POST and context["looks"]:
        # Without JavaScript it cannot follow later.
        context |= finding(form)
    return TemplateResponse(request, "admin/links/builder.html", context)


def wants_errors(request: HttpRequest, link: SavedLink) -> bool:
    """Nothing is wrong yet with what nobody has filled in."""
    return bool(link.pk) if request.method != "POST" else "_save" in request.POST


def form_of(request: HttpRequest, link: SavedLink) -> LinkForm:
    """With what was posted, else with what the untouched page would post: the link shows from the start."""
    own = type("OwnLinkForm", (LinkForm,), {"merchant": link.merchant})
    if request.method == "POST":
        return own(request.POST, instance=link)
    fresh = own(instance=link)
    values = {name: fresh.get_initial_for_field(field, name) for name, field in fresh.fields.items()}
    return own({name: value for name, value in values.items() if value is not None}, instance=link)


def whole(form: LinkForm) -> Context:
    merchant, own_pages = form.merchant, pickers.pages(form.merchant)
    form.fields["days"].widget.attrs["placeholder"] = rules_of(form).delay_days
    return {
        **outcome(form),
        "form": form,
        "values": {name: form[name].value() for name in form.fields},
        "choices": {
            "esp": Esp.choices,
            "deed": list(LINK_ACTIONS.values()),
            "modes": choices(MODES),
            "pages": own_pages,
        },
        "products": products(form)["products"],
        "offers": offers(form)["offers"],
        "default_about": next((f"Now: {one['name']}" for one in own_pages if one["is_default"]), "A plain one"),
        "kinds": kinds(form),
        "trials": {
            "orders": pickers.trial_orders(merchant),
            "subscriptions": pickers.trial_subscriptions(merchant),
        },
    }


def choices(rows: Mapping[str, tuple[str, str, str]]) -> list[dict[str, str]]:
    return [
        {"value": name, "title": title, "about": about, "icon": icon} for name, (title, about, icon) in rows.items()
    ]


def kinds(form: LinkForm) -> list[dict[str, Any]]:
    """The events a link may be attached to, each with the deeds whose token it carries."""
    chosen = form["event_kinds"].value() or []
    return [
        {"kind": kind, "deeds": " ".join(of_scope(scope)), "checked": kind.name in chosen}
        for scope in ActionToken.Scope.values
        for kind in kinds_with_token(scope)
    ]


def of_scope(scope: str) -> list[str]:
    return [row.name for row in link_actions_of_scope(scope)]


def outcome(form: LinkForm) -> Context:
    """The link as it now is, what is made of it, and what is to be said against it."""
    link, deed = form.instance, form.cleaned_data.get("deed")
    unfinished = [error for name, errors in form.errors.items() if name not in UNNEEDED for error in errors]
    if not deed:
        return {"link": link, "unfinished": unfinished, "looks": False}
    link_action, rules = LINK_ACTIONS[deed], rules_of(form)
    tag = link_urls.merge_tag_of(link)
    finished_sms = message_templates.sms_message(link, link_action, SAMPLE_TOKEN)
    return {
        "link": link,
        "deed": deed,
        "unfinished": unfinished,
        "url": link_urls.email_url(link, tag),
        "length": len(link_urls.email_url(link, SAMPLE_TOKEN)),
        "sms_length": len(link_urls.sms_url(link, SAMPLE_TOKEN)),
        "button": message_templates.email_button_html(link, link_action, tag),
        "sms": message_templates.sms_message(link, link_action, tag),
        "sms_shown": finished_sms,
        "sms_size": sms_length.measure_sms(finished_sms),
        "longest": link_urls.MAX_SHORTENED_LENGTH,
        "remarks": [] if unfinished else link_warnings.find_link_warnings(link, rules),
        "looks": bool(link.page_url) and not unfinished and link_warnings.has_registered_origin(link.page_url, rules),
    }


def rules_of(form: LinkForm) -> OneClickSettings:
    merchant = form.merchant
    return OneClickSettings.objects.filter(merchant=merchant).first() or OneClickSettings(merchant=merchant)


def products(form: LinkForm) -> Context:
    return {"products": pickers.products(form.merchant, entered(form, "product_term"), entered(form, "product"))}


def offers(form: LinkForm) -> Context:
    return {"offers": pickers.offers(form.merchant, entered(form, "offer_term"), entered(form, "offer"))}


def entered(form: LinkForm, name: str) -> str:
    return clean_search_term(str(form.data.get(name, "")))


def finding(form: LinkForm) -> Context:
    """What the page holds; only those of the shop's own origins are read."""
    url = "" if form.errors.get("page_url") else form.instance.page_url
    is_own = bool(url) and link_warnings.has_registered_origin(url, rules_of(form))
    return {"finding": shop_page.check_shop_page(form.instance) if is_own else None}


PARTS: dict[str, tuple[str, Callable[[LinkForm], Context]]] = {
    "outcome": ("outcome", outcome),
    "products": ("products", products),
    "offers": ("offers", offers),
    "page": ("finding", finding),
}


def attempt(request: HttpRequest, form: LinkForm) -> HttpResponse | None:
    """Open the link with a token for the chosen test customer; None, and a message, where that cannot be."""
    if not may(request, Right.USE_TOKENS):
        raise PermissionDenied
    try:
        if form.errors.keys() - UNNEEDED:
            raise Refused("unfinished", "Finish the link first; what is missing is named below.")
        token = manual_tokens.issue_token(trial_of(form), actor=actor_of(request)).result
    except DomainError as error:
        messages.error(request, error.sentence)
        return None
    return HttpResponseRedirect(link_urls.email_url(form.instance, encode_token(token)))


def trial_of(form: LinkForm) -> Order | Subscription:
    """The order or subscription to try it on, of a test customer of the merchant. Raises Refused."""
    of_order = LINK_ACTIONS[form.cleaned_data["deed"]].scope == ActionToken.Scope.ORDER
    rows: list[Any] = (pickers.trial_orders if of_order else pickers.trial_subscriptions)(form.merchant)
    chosen = entered(form, "trial_order" if of_order else "trial_subscription")
    found = next((row for row in rows if str(row.pk) == chosen), None)
    if found is None:
        raise Refused("no_trial", "Choose a test customer to try the link on.")
    return found
