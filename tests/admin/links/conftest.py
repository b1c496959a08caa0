"""A merchant with links, and its staff at the link builder."""

import html
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client

from oneclick.models import SavedLink
from subscriptions.models import Merchant, Offer, OfferProfile, Product, Role
from tests import factories as f

Login = Callable[..., Client]
LIST = "/admin/oneclick/savedlink/"
ADD = f"{LIST}add/"
REMINDER, CANCEL = "ordergroove.order.reminder", "ordergroove.subscription.cancel"
PLAIN = {"esp": "klaviyo", "link_action": "delay", "page": "default", "mode": "", "name": "Later", "quantity": "1"}


@pytest.fixture
def merchant(db: None, settings: Any) -> Iterator[Merchant]:
    cache.clear()
    settings.PUBLIC_URL = "https://portal.test"
    made: Merchant = f.MerchantFactory(name="Harbour")
    f.ConnectionFactory(merchant=made)
    yield made
    cache.clear()


@pytest.fixture
def staff(merchant: Merchant, login: Login) -> Client:
    return login(merchant, Role.MARKETING)


@pytest.fixture
def product(merchant: Merchant) -> Product:
    made: Product = f.ProductFactory(merchant=merchant, name="Honey & co", external_product_id="HON-1", sku="H1")
    return made


@pytest.fixture
def offer(merchant: Merchant) -> Offer:
    profile = OfferProfile.objects.create(merchant=merchant, name="Come back")
    return Offer.objects.create(merchant=merchant, profile=profile, name="15 % off", usable_in_links=True)


def create_link(merchant: Merchant, name: str = "Later", **fields: Any) -> SavedLink:
    link: SavedLink = SavedLink.objects.create(merchant=merchant, name=name, **{"action": "delay", **fields})
    return link


def link_page(link: SavedLink, page: str = "change") -> str:
    return f"{LIST}{link.pk}/{page}/"


def page_part(staff: Client, name: str, address: str = ADD, **fields: Any) -> str:
    answer = staff.post(address, {**PLAIN, "_part": name, **fields})
    assert answer.status_code == 200
    assert b"<html" not in answer.content
    return answer.content.decode()


def shown_url(answer: HttpResponse | str) -> str:
    body = answer if isinstance(answer, str) else answer.content.decode()
    (found,) = re.findall(r"<code[^>]*data-url>(.*?)</code>", body)
    return html.unescape(found)


def save_link(staff: Client, address: str = ADD, **fields: Any) -> HttpResponse:
    return staff.post(address, {**PLAIN, "_save": "1", **fields})


def create_subscriber(merchant: Merchant, **fields: Any) -> Any:
    return f.subscription_with_order(customer=f.CustomerFactory(merchant=merchant, **fields))
