"""The staff pages speak a merchant's language: no names of models, columns or codes in titles and labels."""

import html
import re
from collections.abc import Callable

import pytest
from django.test import Client

from integrations.models import Delivery
from oneclick.models import ActionToken, Click
from subscriptions.models import Event, OfferProfile, Role
from tests.admin.conftest import World
from tests.admin.pages import visible_text
from tests.admin.test_amounts import pages_of

Login = Callable[..., Client]
HEADINGS = re.compile(r"(?s)<(title|h1|h2|h3|th|label|legend)\b[^>]*>(.*?)</\1>")
MODEL_WORDS = re.compile(r"[a-z]_[a-z]|Select .* to (view|change)|^Is [a-z]|Ordergroove\.|\b(id|ids|pk|slug|sku)\b")
# The names that merchants see in their ESP, and those of their own rows.
NAMES_OF_EVENTS = re.compile(r"\(?\b(ordergroove|order)\.[a-z_.]+\)?")


def headings(page: str) -> list[str]:
    # The names of icons are not read as text.
    page = re.sub(r'<span class="[^"]*material-symbols[^>]*>[^<]*</span>', "", page)
    texts = (re.sub(r"<[^>]*>", " ", found[2]) for found in HEADINGS.finditer(page))
    return [" ".join(html.unescape(text).split()) for text in texts]


@pytest.mark.parametrize("role", [Role.OWNER, Role.READ_ONLY])
def test_no_title_column_filter_or_label_names_a_model_or_a_column(role: str, own: World, login: Login) -> None:
    client = login(own.merchant, role)
    found = {}
    for page in pages_of(own):
        shown = client.get(page, follow=True).content.decode()
        words = [NAMES_OF_EVENTS.sub("", text) for text in headings(shown)]
        found[page] = [text for text in words if MODEL_WORDS.search(text)]
    assert "\n".join(f"{page} {texts}" for page, texts in found.items() if texts) == ""


@pytest.mark.parametrize(
    ("model", "title"),
    [(Event, "Subscription Canceled"), (Delivery, "Subscription Canceled → Home Klaviyo")],
)
def test_an_event_is_called_by_its_title(model: type, title: str, own: World, login: Login) -> None:
    row = model.objects.filter(pk=own.rows[model].pk).get()
    kind = row.kind if model is Event else row.event.kind
    assert kind == "ordergroove.subscription.cancel"
    page = login(own.merchant).get(f"/admin/{model._meta.app_label}/{model._meta.model_name}/{row.pk}/change/")
    shown = page.content.decode()
    assert f"<title> {title} | " in " ".join(shown.split())
    assert "Ordergroove." not in shown


def test_what_became_of_a_click_is_said_in_words(own: World, login: Login) -> None:
    token = own.rows[ActionToken]
    for outcome in ("unpressed", "missing_og_product_id", "invalid_og_offer_id"):
        Click.objects.create(merchant=own.merchant, token=token, action="product_upsell", outcome=outcome)
    ActionToken.objects.filter(pk=token.pk).update(used_action="product_upsell")
    client = login(own.merchant)
    for page in (
        f"oneclick/actiontoken/{token.pk}/change/",
        f"subscriptions/customer/{token.customer_id}/tab/?name=tokens",
    ):
        shown = visible_text(client.get(f"/admin/{page}"))
        assert "Form sent without a press" in shown and "The link has no product" in shown
        assert "Links may not give this offer" in shown and "og_" not in shown
    assert "Product upsell" in visible_text(client.get("/admin/oneclick/actiontoken/"))


def test_a_no_is_shown_without_the_colour_of_a_fault(own: World, login: Login) -> None:
    OfferProfile.objects.filter(merchant=own.merchant).update(live=False)
    page = login(own.merchant).get("/admin/subscriptions/offerprofile/")
    row = page.content.decode().split('id="result_list"')[1]
    assert ">No</span>" in row
    assert "bg-red" not in row and "close_small" not in row


def test_the_first_link_of_every_page_leads_past_the_menu(own: World, login: Login) -> None:
    client = login(own.merchant)
    for page in ("/admin/", "/admin/subscriptions/customer/", "/admin/numbers/", "/admin/inbox/"):
        shown = client.get(page).content.decode()
        assert re.findall(r'<a\b[^>]*href="([^"]*)"', shown)[0] == "#content", page
        assert shown.count('id="content"') == 1
