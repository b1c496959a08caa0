"""The page where staff write their own message."""

import re

from django.test import Client
from playwright.sync_api import Page, expect

from oneclick.models import MessageText
from subscriptions.models import Merchant
from tests import factories as f


def test_the_preview_follows_what_is_typed(page: Page, portal: str, merchant: Merchant) -> None:
    client = Client()
    client.force_login(f.MembershipFactory(merchant=merchant).user, backend="django.contrib.auth.backends.ModelBackend")
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": portal}])
    row = MessageText.objects.create(
        merchant=merchant, locale="en", table="product_upsell", code="success", text="{product_name} is coming."
    )
    page.goto(f"{portal}/admin/oneclick/messagetext/{row.pk}/change/")
    preview = page.get_by_role("status")
    expect(preview).to_have_text("House blend is coming.")
    page.get_by_label("Text").fill("We pack {product_name} <b>for you</b>. {x}")
    expect(preview).to_have_text("We pack House blend <b>for you</b>. {x}")
    page.goto(f"{portal}/admin/oneclick/messagetext/?locale=de")
    page.get_by_role("link", name="Reword Delay: Success", exact=True).click()
    expect(page.get_by_label("Text")).to_have_value(
        "Ihre Bestellung wurde verschoben. Ihr neuer Termin ist der {date}."
    )
    expect(preview).to_have_text(re.compile(r"^Ihre Bestellung wurde verschoben\. .* der \d+\. \w+ \d{4}\.$"))
