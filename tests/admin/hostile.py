"""Every address of the staff pages, with what no page expects in it."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import transaction
from django.db.models import DateField
from django.test import Client
from django.urls import URLPattern, URLResolver

from oneclick.admin.analytics_form import SelectionForm
from subscriptions.admin.analytics.cancellations import CancellationForm
from subscriptions.admin.analytics.forecast import ForecastForm
from subscriptions.admin.analytics.retention import RetentionForm
from subscriptions.staff.base import MerchantAdmin, parameter_names
from subscriptions.staff.site import site
from tests.admin.conftest import World
from tests.scale import scaled

ADMINS: list[MerchantAdmin] = sorted(site._registry.values(), key=str)
TEXTS = [
    "\0",
    "-1",
    "9" * 30,
    "9" * 5000,
    "٣",
    "99999-02-30T00:00:00+99:99",
    "ffffffff-ffff-ffff-ffff-fffffffffffg",
    "\ud800",
]
NUL, LONG_NUMBER = TEXTS[0], TEXTS[3]
ON_EVERY_LIST = [
    {"q": NUL},
    {NUL: "1"},
    {"p": "0"},
    {"p": LONG_NUMBER},
    {"p": "99999"},
    {"o": LONG_NUMBER},
    {"_to_field": "x"},
    {"id__range": "1"},
    {"merchant__name__year": LONG_NUMBER},
]


def encode(parameters: dict[str, str]) -> str:
    return urlencode(parameters, errors="surrogatepass")


def names_read(method: str) -> list[str]:
    """The names that the code of staff pages reads from `request.GET` or `request.POST`."""
    reads = re.compile(rf'{method}(?:\.get|\.getlist)?[(\[]"(\w+)"')
    folders = [settings.BASE_DIR / app for app in ("subscriptions", "oneclick", "integrations", "config")]
    sources = [path.read_text() for folder in folders for path in Path(folder).rglob("*.py")]
    forms = {
        *SelectionForm.base_fields,
        *CancellationForm.base_fields,
        *RetentionForm.base_fields,
        *ForecastForm.base_fields,
    }
    return sorted({name for text in sources for name in reads.findall(text)} | forms)


def plain_addresses(found: list[URLPattern | URLResolver] | None = None, prefix: str = "/admin/") -> Iterator[str]:
    """The pages without arguments, Django's own among them."""
    for pattern in site.get_urls() if found is None else found:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from plain_addresses(pattern.url_patterns, route)
        elif re.fullmatch(r"[\w/]+", route):
            yield route


def base_of(model_admin: MerchantAdmin) -> str:
    return f"/admin/{model_admin.opts.app_label}/{model_admin.opts.model_name}/"


def row_addresses(world: World) -> Iterator[str]:
    """Each page of one row of each model."""
    for one in ADMINS:
        pages = ["change", "delete", "history", *(button.verb for button in one.buttons), *one.pages]
        yield from (f"{base_of(one)}{world.rows[one.model].pk}/{page}/" for page in pages)


def list_queries(model_admin: MerchantAdmin) -> Iterator[str]:
    """The list's own filters with values that they do not have, and lookups that the list does not offer."""
    for name in sorted({name for each in model_admin.list_filter for name in parameter_names(each)}):
        yield from (encode({name: text}) for text in (NUL, LONG_NUMBER, "x"))
    # One code reads these on all lists, so each list tries a third of them.
    place = ADMINS.index(model_admin)
    yield from (encode(query) for query in ON_EVERY_LIST[scaled(place % 3, full=0) :: scaled(3, full=1)])
    times = [field.name for field in model_admin.model._meta.fields if isinstance(field, DateField)]
    yield from (encode({f"{name}__year": LONG_NUMBER}) for name in times[:1])


def page_addresses(world: World) -> Iterator[str]:
    """Each page that is not a list with what its code may read, all at once: pages of their own with each text."""
    lists = {base_of(one) for one in ADMINS}
    own = [address for address in plain_addresses() if address not in lists and not address.endswith("/add/")]
    others = [*(f"{base}add/" for base in lists), *row_addresses(world)]
    names = [name for name in names_read("GET") if name not in ("p", "page")]
    for addresses, texts in ((own, TEXTS), (others, [LONG_NUMBER])):
        for text in texts:
            yield from (f"{address}?{encode(dict.fromkeys(names, text))}" for address in addresses)
    yield from (f"{address}?s=a&page={number}" for address in own for number in ("0", LONG_NUMBER))


def argument_addresses() -> Iterator[str]:
    """Rows by keys that are none."""
    for one in ADMINS:
        yield from (f"{base_of(one)}{quote(text, safe='', errors='surrogatepass')}/change/" for text in TEXTS[:4])


def find_faults(client: Client, addresses: Iterable[str], form: dict[str, str] | None = None) -> list[str]:
    """The addresses that were answered with an error of the server; what was done to the rows is undone."""
    client.raise_request_exception = False
    faults = []
    for address in addresses:
        before = transaction.savepoint()
        response = client.get(address) if form is None else client.post(address, form)
        transaction.savepoint_rollback(before)
        if response.status_code >= 500:
            faults.append(f"{response.status_code} {address[:150]}")
    return faults
