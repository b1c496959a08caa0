"""The demo: made once, pointed at the portal's present address at each start, described for programs."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone

from demo import shop
from integrations.sandbox import private_keys as sandbox
from oneclick.links import link_urls
from oneclick.models import ActionToken
from oneclick.tokens import manual_tokens
from oneclick.tokens.token_text import encode_token
from subscriptions.actions import subscription as acts
from subscriptions.api import api_keys
from subscriptions.models import Membership, Merchant, Order, Product, Role, Subscription

USERNAME = "demo"
KEY_NAME = "Demo"
# Of test customers in samples/subscriptions.csv.
LIVE, FOR_TOKEN, FOR_LINK = "S-5001", "S-5002", "S-5004"
PRODUCT = "tea-mint"


class NoDemo(Exception):
    """There is nothing to describe yet."""


def load() -> bool:
    """Make the demo unless it is there, and point it at PUBLIC_URL; tell whether it was made."""
    with transaction.atomic():
        found = shop.find()
        merchant = found or shop.make()
        _follow_address(merchant)
        _keep({"base_url": settings.PUBLIC_URL, **_credentials(merchant)})
    return found is None


def describe() -> dict[str, Any]:
    """What `make demo-json` prints. Each call cancels two subscriptions of test customers for tokens.

    Raises `NoDemo` before the first `load`.
    """
    merchant, kept = shop.find(), _kept()
    if merchant is None or not kept:
        raise NoDemo("There is no demo yet; make run makes it at its first start, and so does manage.py demo.")
    # The address of the running portal, which this process need not have been started with.
    base = kept["base_url"]
    landing = base + reverse("oneclick:landing_page", args=[merchant.public_id.hex, shop.LANDING_SLUG])
    token, link_token = (_fresh_token(_named(merchant, name)) for name in (FOR_TOKEN, FOR_LINK))
    return {
        "base_url": base,
        "admin": {"url": base + reverse("admin:index"), "username": USERNAME, "password": kept["password"]},
        "merchant": {"public_id": merchant.public_id.hex, "name": merchant.name},
        "api_key": kept["api_key"],
        "storefront_key": merchant.storefront_key,
        "sandbox": {
            "klaviyo_url": base + sandbox.PATH,
            "klaviyo_key": merchant.connections.get(name=shop.CONNECTION).secret,
        },
        "landing_url": landing,
        "sample": _sample(merchant),
        "tokens": {"subscription": token, "order": _order_token(merchant)},
        "link": link_urls.fragment_url(landing, "reactivate", link_token),
    }


def _sample(merchant: Merchant) -> dict[str, str]:
    active = _live(_named(merchant, LIVE))
    return {
        "customer": active.customer.merchant_user_id,
        "active_subscription": active.public_id.hex,
        "cancelled_subscription": _named(merchant, FOR_TOKEN).public_id.hex,
        "upcoming_order": _upcoming_order(active).public_id.hex,
        "product": PRODUCT,
        "offer": merchant.offers.get(usable_in_links=True).public_id.hex,
    }


def _order_token(merchant: Merchant) -> str | None:
    """Of the sample's order; None when that can no longer be changed."""
    order = _upcoming_order(_live(_named(merchant, LIVE)))
    return (
        encode_token(manual_tokens.issue_token(order, actor=shop.JOB).result)
        if manual_tokens.is_open_order(order)
        else None
    )


def _upcoming_order(subscription: Subscription) -> Order:
    return subscription.items.select_related("order__customer").get(upcoming=True).order


def _named(merchant: Merchant, external_id: str) -> Subscription:
    return merchant.subscriptions.select_related("customer").get(external_id=external_id)


def _live(subscription: Subscription) -> Subscription:
    if subscription.live:
        return subscription
    made: Subscription = acts.reactivate(subscription, actor=shop.JOB).subject
    return made


def _fresh_token(subscription: Subscription) -> str:
    act = acts.cancel(_live(subscription), actor=shop.JOB, reason="114|No answer")
    return encode_token(ActionToken.objects.get(merchant=act.customer.merchant, event__in=act.events))


def _follow_address(merchant: Merchant) -> None:
    merchant.connections.filter(name=shop.CONNECTION).update(base_url=sandbox.sandbox_url())
    pictured = list(merchant.products.filter(extra_data__has_key="picture"))
    for product in pictured:
        product.image_url = settings.PUBLIC_URL + static(f"demo/{(product.extra_data or {})['picture']}.svg")
    Product.objects.bulk_update(pictured, ["image_url"])


def _credentials(merchant: Merchant) -> dict[str, str]:
    """The staff login and the API key that were shown before; new ones where they are lost."""
    kept = _kept()
    user, new = get_user_model().objects.get_or_create(
        username=USERNAME, defaults={"is_staff": True, "is_superuser": True}
    )
    Membership.objects.get_or_create(merchant=merchant, user=user, defaults={"role": Role.OWNER})
    password = kept.get("password", "")
    # Only then, so that a password changed by hand is not set back.
    if new or not password:
        password = secrets.token_urlsafe(9)
        user.set_password(password)
        user.save()
    text = kept.get("api_key", "")
    key = api_keys.find(text)
    if key is None or key.merchant_id != merchant.pk:
        merchant.api_keys.filter(name=KEY_NAME, revoked=None).update(revoked=timezone.now())
        _, text = api_keys.make(merchant, KEY_NAME, ["read", "write", "bulk"])
    return {"password": password, "api_key": text}


def _file() -> Path:
    path: Path = settings.HOME / "demo.json"
    return path


def _kept() -> dict[str, str]:
    kept: dict[str, str] = json.loads(_file().read_text()) if _file().exists() else {}
    return kept


def _keep(kept: dict[str, str]) -> None:
    draft = _file().with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(kept))
    draft.replace(_file())
