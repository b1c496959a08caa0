"""Every address of the portal, from its URL conf, with the ids of a merchant in it."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

from django.apps import apps
from django.contrib.admindocs.views import simplify_regex
from django.contrib.contenttypes.models import ContentType
from django.urls import URLPattern, URLResolver, get_resolver

from integrations.sandbox.resources import short_id
from subscriptions.models import Customer
from tests.wall.worlds import World

Found = list[URLPattern | URLResolver]
# Whose addresses are the secret, or are open to everybody.
PUBLIC = {"one_click", "l", "{public_id}", "setup", "invitation", "password"}
# By the start of an address, the model that its `{id}` or `{public_id}` is of, and the attribute that is the id.
IDS = {
    "api/customers": ("Customer", "merchant_user_id"),
    "api/addresses": ("Address", "public_id"),
    "api/payments": ("Payment", "public_id"),
    "api/products": ("Product", "external_product_id"),
    "api/one_time_incentives": ("OneTimeIncentive", "public_id"),
    "api/entitlements": ("Entitlement", "public_id"),
    "api/resources": ("Resource", "public_id"),
    "api/subscriptions": ("Subscription", "public_id"),
    "api/subscription": ("CheckoutRequest", "public_id"),
    "api/orders": ("Order", "public_id"),
    "api/items": ("Item", "public_id"),
    "gladly/v1/subscriptions": ("Subscription", "public_id"),
    "gladly/v1/orders": ("Order", "public_id"),
    "sandbox/klaviyo/api/events": ("SandboxEvent", "public_id"),
    "sandbox/klaviyo/api/profiles": ("SandboxProfile", "public_id"),
    "sandbox/klaviyo/api/profile-bulk-import-jobs": ("SandboxImport", "public_id"),
}
FIXED = {"name": "reminders", "kind": "customers", "action": "reactivate", "app_label": "subscriptions", "url": "none"}


def find_templates(found: Found | None = None, prefix: str = "") -> Iterator[str]:
    """All addresses, with the names of their parts in braces, such as `/api/orders/{id}/`."""
    for pattern in get_resolver().url_patterns if found is None else found:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from find_templates(pattern.url_patterns, route)
        else:
            path = simplify_regex(re.sub(r"//\?|/\?", "/", route.replace("^", "")))
            yield re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)


TEMPLATES = sorted(set(find_templates()))


def start_of(template: str) -> str:
    return template.split("/")[1]


def parts_of(template: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", template))


def fill(template: str, world: World) -> str:
    """The address with the ids of `world`. Raises LookupError for a part that nobody has said how to fill."""
    return template.format(**{part: quote(value_of(part, template, world), safe="") for part in parts_of(template)})


def value_of(part: str, template: str, world: World) -> str:
    """What stands for `part` in the address of a row of `world`."""
    if part in FIXED and "product_groups" not in template:
        return FIXED[part]
    if part == "object_id" and "{content_type_id}" not in template:
        app, model = template.split("/")[2:4]
        return str(world.rows[apps.get_model(app, model)].pk)
    if part in ("id", "public_id") and (known := find_known(template)):
        return text_of(getattr(world.find(known[0]), known[1]))
    return text_of(OTHERS["public_id of metrics" if "/metrics/{" in template else part](world))


def find_known(template: str) -> tuple[str, str] | None:
    return next((known for start, known in IDS.items() if template.startswith(f"/{start}/")), None)


def text_of(value: object) -> str:
    return getattr(value, "hex", None) or str(value)


OTHERS: dict[str, Callable[[World], object]] = {
    "content_type_id": lambda world: ContentType.objects.get_for_model(Customer).pk,
    "object_id": lambda world: world.find("Customer").pk,
    "public_id": lambda world: world.merchant.public_id,
    "public_id of metrics": lambda world: short_id(world.merchant, world.find("SandboxEvent").metric),
    "view_id": lambda world: world.find("SavedView").pk,
    "key": lambda world: world.find("Membership").pk,
    "id": lambda world: world.find("WebhookTarget").connection.public_id,
    "group_type": lambda world: world.find("ProductGroup").group_type,
    "group_name": lambda world: world.find("ProductGroup").name,
    "name": lambda world: world.find("ProductGroup").name,
    "connection": lambda world: world.find("GladlyAccount").connection.public_id,
    "subscription": lambda world: world.find("Subscription").public_id,
    "order": lambda world: world.find("Order").public_id,
    "slug": lambda world: world.find("LandingPage").slug,
    "token": lambda world: "none",
    "uidb64": lambda world: "none",
}
