"""Which rows staff pages are about; `tests/wall` tries each of them with the ids of another merchant."""

import pickle
from collections.abc import Callable, Iterator

import pytest
from django.contrib.admin.options import ModelAdmin
from django.test import Client
from django.urls import URLPattern, URLResolver

from subscriptions.staff.base import MerchantAdmin
from subscriptions.staff.site import site
from tests import factories as f
from tests.admin.conftest import World

Login = Callable[..., Client]


@pytest.fixture
def own(kept_worlds: bytes, db: None) -> World:
    world: World = pickle.loads(kept_worlds)[0]
    return world


@pytest.fixture
def foreign(kept_worlds: bytes, db: None) -> World:
    world: World = pickle.loads(kept_worlds)[1]
    return world


def patterns(found: list[URLPattern | URLResolver], prefix: str = "/admin/") -> Iterator[str]:
    for pattern in found:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern.url_patterns, route)
        else:
            yield route


def addresses(model_admin: ModelAdmin, pk: int) -> list[str]:
    base = f"/admin/{model_admin.opts.app_label}/{model_admin.opts.model_name}"
    pages = ["change", "delete", "history", *(button.verb for button in model_admin.buttons), *model_admin.pages]
    return [f"{base}/{pk}/", *(f"{base}/{pk}/{page}/" for page in pages)]


ADMINS = sorted(site._registry.values(), key=str)


def test_the_walk_knows_every_address_with_an_id() -> None:
    known = {address.replace("/7/", "/<id>/") for one in ADMINS for address in addresses(one, 7)}
    real = {
        route.replace("<path:object_id>", "<id>").replace("<int:object_id>", "<id>")
        for route in patterns(site.get_urls())
        if "object_id" in route and "content_type_id" not in route
    }
    assert real == known


def test_every_page_is_of_one_merchant() -> None:
    assert all(isinstance(one, MerchantAdmin) for one in ADMINS)


@pytest.mark.parametrize(("field", "model"), [("payment", "Payment"), ("product", "Product")])
def test_choices_offer_only_the_merchants_own_rows(
    field: str, model: str, own: World, foreign: World, login: Login
) -> None:
    asked = {"app_label": "subscriptions", "model_name": "simulatedoutcome", "field_name": field}
    answer = login(own.merchant).get("/admin/autocomplete/", asked)
    home = next(row for kind, row in own.rows.items() if kind.__name__ == model)
    assert [row["id"] for row in answer.json()["results"]].count(str(home.pk)) == 1
    assert "Foreign" not in answer.content.decode()


def test_a_filter_by_another_merchants_row_finds_nothing(own: World, foreign: World, login: Login) -> None:
    client = login(own.merchant)
    connection = next(row for model, row in foreign.rows.items() if model.__name__ == "Connection")
    answer = client.get(f"/admin/integrations/delivery/?connection={connection.pk}")
    assert answer.status_code == 200
    assert b"There are no deliveries yet" in answer.content or b"Nothing matches" in answer.content


def test_staff_can_switch_to_their_own_merchants_only(own: World, foreign: World, login: Login) -> None:
    client = login(own.merchant)
    assert client.post("/admin/merchant/switch/", {"merchant": foreign.merchant.pk}).status_code == 404
    assert b"Home Inc" in client.get("/admin/").content
    assert client.get("/admin/merchant/switch/").status_code == 405


def test_after_a_switch_the_other_merchants_rows_are_shown(own: World, foreign: World, login: Login) -> None:
    client = login(own.merchant, username="both")
    f.MembershipFactory(merchant=foreign.merchant, user=f.UserFactory._meta.model.objects.get(username="both"))
    assert b"Foreign Ruiz" not in client.get("/admin/subscriptions/customer/").content
    client.post("/admin/merchant/switch/", {"merchant": foreign.merchant.pk})
    answer = client.get("/admin/subscriptions/customer/").content
    assert b"Foreign Ruiz" in answer
    assert b"Home Ruiz" not in answer


def test_staff_without_a_merchant_see_a_clear_page_and_nothing_else(own: World) -> None:
    client = Client()
    client.force_login(f.UserFactory(is_superuser=True), backend="django.contrib.auth.backends.ModelBackend")
    for address in ["/admin/", "/admin/subscriptions/customer/", "/admin/inbox/"]:
        answer = client.get(address)
        assert answer.status_code == 403
        assert b"you are not on a merchant" in answer.content
        assert b"Home" not in answer.content.replace(b'alt="Home"', b"")
