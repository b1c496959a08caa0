"""The sandbox inbox: each event with its token and the finished links for its e-mail."""

import html
import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from integrations.models import SandboxEvent, SandboxProfile
from oneclick.links import link_urls
from oneclick.models import SavedLink
from oneclick.tokens.token_text import encode_token
from subscriptions.events import catalogue
from subscriptions.models import Role
from tests import factories as f
from tests.oneclick.shop import Shop
from tests.oneclick.shop import create_shop as make_shop

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def shop() -> Shop:
    return make_shop(merchant=f.MerchantFactory(is_test=True))


@pytest.fixture
def client(shop: Shop, login: Callable[..., Client]) -> Client:
    return login(shop.merchant, Role.MARKETING)


def receive_event(shop: Shop, kind: str, **properties: str) -> None:
    profile = SandboxProfile.objects.create(merchant=shop.merchant, email=f"{kind}@mail.test")
    SandboxEvent.objects.create(
        merchant=shop.merchant,
        profile=profile,
        metric=kind,
        unique_id=kind,
        time=timezone.now(),
        properties=properties,
    )


def copied_texts(client: Client) -> dict[str, str]:
    """The texts that can be copied from the events, by label."""
    page = client.get("/admin/inbox/").content.decode()
    found = re.findall(r'data-copy="([^"]*)" aria-label="Copy ([^"]*)"', page)
    return {html.unescape(label): html.unescape(text) for text, label in found}


def create_link(shop: Shop, name: str, action: str, **parameters: str) -> SavedLink:
    link: SavedLink = SavedLink.objects.create(merchant=shop.merchant, name=name, action=action, parameters=parameters)
    return link


def test_an_event_has_its_token_and_each_link_good_for_it(shop: Shop, client: Client) -> None:
    token = encode_token(shop.order_token())
    honey = create_link(shop, "Honey", "upsell", og_product_id="HON-1")
    create_link(shop, "Come back", "reactivate")
    create_link(make_shop(), "Theirs", "delay")
    SavedLink.objects.filter(pk=create_link(shop, "Old", "skip").pk).update(archived=True)
    receive_event(shop, catalogue.ORDER_REMINDER, action_token=token, delay_url="https://shop.test/?action=delay")
    page = link_urls.landing_page_url(shop.merchant)
    assert copied_texts(client) == {
        "action_token": token,
        "delay_url link, with token": "https://shop.test/?action=delay",
        "Honey link, with token": link_urls.email_url(honey, token),
        "Delay link, with token": link_urls.fragment_url(page, "delay", token),
        "Skip link, with token": link_urls.fragment_url(page, "skip", token),
    }
    assert f"#og_quick_action_token={token}" in link_urls.email_url(honey, token)


def test_an_event_without_a_token_has_no_link(shop: Shop, client: Client) -> None:
    create_link(shop, "Come back", "reactivate")
    receive_event(shop, catalogue.ORDER_CANCEL)
    assert copied_texts(client) == {}
    receive_event(shop, catalogue.SUBSCRIPTION_CANCEL, action_token="T")
    assert set(copied_texts(client)) == {"action_token", "Come back link, with token", "Reactivate link, with token"}
