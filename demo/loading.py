"""The demo: created once, updated to the portal's current address at each start, described for programs."""

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

from demo import merchant_data
from integrations.sandbox import private_keys as sandbox
from onboarding.new_merchant import LANDING_SLUG
from oneclick.links import link_urls
from oneclick.models import ActionToken
from oneclick.tokens import manual_tokens
from oneclick.tokens.token_text import encode_token
from subscriptions import api_keys
from subscriptions.actions import subscription as subscription_actions
from subscriptions.models import Membership, Merchant, Order, Product, Role, Subscription

USERNAME = "demo"
KEY_NAME = "Demo"
# Subscriptions of test customers in samples/subscriptions.csv.
LIVE_SUBSCRIPTION, TOKEN_SUBSCRIPTION, LINK_SUBSCRIPTION = "S-5001", "S-5002", "S-5004"
PRODUCT = "tea-mint"


class DemoMissing(Exception):
    """The demo has not been created yet."""


def load_demo() -> bool:
    """Create the demo unless it exists, and update its addresses to PUBLIC_URL. True if it was created."""
    with transaction.atomic():
        found = merchant_data.find_demo_merchant()
        merchant = found or merchant_data.create_demo_merchant()
        _update_addresses(merchant)
        _write_credentials({"base_url": settings.PUBLIC_URL, **_ensure_credentials(merchant)})
    return found is None


def describe_demo() -> dict[str, Any]:
    """What `make demo-json` prints. Each call cancels two subscriptions of test customers to get new tokens.

    Raises DemoMissing before the first `load_demo`.
    """
    merchant, kept = merchant_data.find_demo_merchant(), _read_credentials()
    if merchant is None or not kept:
        raise DemoMissing("There is no demo yet. The first start of make run creates it, and so does manage.py demo.")
    # The address of the running portal; this process may have been started with another.
    base = kept["base_url"]
    landing = base + reverse("oneclick:landing_page", args=[merchant.public_id.hex, LANDING_SLUG])
    token = _issue_token(_find_subscription(merchant, TOKEN_SUBSCRIPTION))
    link_token = _issue_token(_find_subscription(merchant, LINK_SUBSCRIPTION))
    return {
        "base_url": base,
        "admin": {"url": base + reverse("admin:index"), "username": USERNAME, "password": kept["password"]},
        "merchant": {"public_id": merchant.public_id.hex, "name": merchant.name},
        "api_key": kept["api_key"],
        "storefront_key": merchant.storefront_key,
        "sandbox": {
            "klaviyo_url": base + sandbox.PATH,
            "klaviyo_key": merchant.connections.get(name=merchant_data.CONNECTION).secret,
        },
        "landing_url": landing,
        "sample": _sample_ids(merchant),
        "tokens": {"subscription": token, "order": _issue_order_token(merchant)},
        "link": link_urls.fragment_url(landing, "reactivate", link_token),
    }


def _sample_ids(merchant: Merchant) -> dict[str, str]:
    active = _ensure_live(_find_subscription(merchant, LIVE_SUBSCRIPTION))
    return {
        "customer": active.customer.merchant_user_id,
        "active_subscription": active.public_id.hex,
        "cancelled_subscription": _find_subscription(merchant, TOKEN_SUBSCRIPTION).public_id.hex,
        "upcoming_order": _upcoming_order(active).public_id.hex,
        "product": PRODUCT,
        "offer": merchant.offers.get(usable_in_links=True).public_id.hex,
    }


def _issue_order_token(merchant: Merchant) -> str | None:
    """A token for the sample's order; None where the order can no longer be changed."""
    order = _upcoming_order(_ensure_live(_find_subscription(merchant, LIVE_SUBSCRIPTION)))
    return (
        encode_token(manual_tokens.issue_token(order, actor=merchant_data.DEMO_ACTOR).result)
        if manual_tokens.is_open_order(order)
        else None
    )


def _upcoming_order(subscription: Subscription) -> Order:
    return subscription.items.select_related("order__customer").get(upcoming=True).order


def _find_subscription(merchant: Merchant, external_id: str) -> Subscription:
    return merchant.subscriptions.select_related("customer").get(external_id=external_id)


def _ensure_live(subscription: Subscription) -> Subscription:
    if subscription.live:
        return subscription
    reactivated: Subscription = subscription_actions.reactivate(subscription, actor=merchant_data.DEMO_ACTOR).subject
    return reactivated


def _issue_token(subscription: Subscription) -> str:
    live = _ensure_live(subscription)
    cancellation = subscription_actions.cancel(live, actor=merchant_data.DEMO_ACTOR, reason="114|No answer")
    return encode_token(ActionToken.objects.get(merchant=cancellation.customer.merchant, event__in=cancellation.events))


def _update_addresses(merchant: Merchant) -> None:
    merchant.connections.filter(name=merchant_data.CONNECTION).update(base_url=sandbox.sandbox_url())
    illustrated = list(merchant.products.filter(extra_data__has_key="picture"))
    for product in illustrated:
        product.image_url = settings.PUBLIC_URL + static(f"demo/{(product.extra_data or {})['picture']}.svg")
    Product.objects.bulk_update(illustrated, ["image_url"])


def _ensure_credentials(merchant: Merchant) -> dict[str, str]:
    """The staff login and the API key as shown before, or new ones where they are lost."""
    kept = _read_credentials()
    user, new = get_user_model().objects.get_or_create(
        username=USERNAME, defaults={"is_staff": True, "is_superuser": True}
    )
    Membership.objects.get_or_create(merchant=merchant, user=user, defaults={"role": Role.OWNER})
    password = kept.get("password", "")
    # Only in these cases, so that a password which somebody changed stays.
    if new or not password:
        password = secrets.token_urlsafe(9)
        user.set_password(password)
        user.save()
    text = kept.get("api_key", "")
    key = api_keys.find_api_key(text)
    if key is None or key.merchant_id != merchant.pk:
        merchant.api_keys.filter(name=KEY_NAME, revoked=None).update(revoked=timezone.now())
        _, text = api_keys.create_api_key(merchant, KEY_NAME, ["read", "write", "bulk"])
    return {"password": password, "api_key": text}


def _credentials_file() -> Path:
    path: Path = settings.HOME / "demo.json"
    return path


def _read_credentials() -> dict[str, str]:
    kept: dict[str, str] = json.loads(_credentials_file().read_text()) if _credentials_file().exists() else {}
    return kept


def _write_credentials(kept: dict[str, str]) -> None:
    draft = _credentials_file().with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(kept))
    draft.replace(_credentials_file())
