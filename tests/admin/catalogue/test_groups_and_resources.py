"""Staff make groups and resources, choose members, and say who depends on what."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from subscriptions.actions import entitlement
from subscriptions.models import Merchant, Product, ProductGroup, Resource, Role, Subscription
from tests import factories as f
from tests.admin.catalogue.steps import address, form_errors
from tests.admin.pages import visible_text
from tests.rows import read_all_rows

Login = Callable[..., Client]
GROUPS, RESOURCES = "/admin/subscriptions/productgroup/add/", "/admin/subscriptions/resource/add/"


@pytest.fixture
def group(merchant: Merchant) -> ProductGroup:
    return ProductGroup.objects.create(merchant=merchant, group_type="sku_swap", name="Coffees")


def test_a_group_is_made_and_renamed(staff: Client, merchant: Merchant) -> None:
    staff.post(GROUPS, {"group_type": "sku_swap", "name": "Beans"})
    group = ProductGroup.objects.get(merchant=merchant)
    answer = staff.post(address(group, "edit"), {"name": "Coffees"}, follow=True)
    shown = visible_text(answer)
    assert "Coffees Swaps Products that customers may swap for each other." in shown
    assert (
        re.search("Changed name from “[^”]*” to “[^”]*”. Ana Ruiz", shown) and "sku_swap" not in answer.content.decode()
    )
    ProductGroup.objects.create(merchant=merchant, group_type="sku_swap", name="Teas")
    assert "There is a group with the name Teas already." in form_errors(staff, address(group, "edit"), name="Teas")
    assert "Leave out the slash" in form_errors(staff, GROUPS, group_type="sku_swap", name="a/b")


def test_the_ticked_products_shown_are_the_members_and_the_others_stay(
    staff: Client, group: ProductGroup, product: Product
) -> None:
    ticked, hidden = (f.ProductFactory(merchant=group.merchant, name=name) for name in ("Ticked", "Hidden"))
    foreign = f.ProductFactory(name="Foreign")
    group.products.add(product, hidden)
    page = staff.get(address(group, "members"), {"q": "tick"})
    assert [choice["product"] for choice in page.context["choices"]] == [ticked]
    given = {"shown": [product.pk, ticked.pk, foreign.pk], "member": [ticked.pk, foreign.pk, "9" * 99]}
    answer = staff.post(address(group, "members"), given, follow=True)
    assert "The members are saved." in [str(message) for message in answer.context["messages"]]
    assert set(group.products.all()) == {ticked, hidden}
    shown = visible_text(staff.get(address(group)))
    assert "Hidden USD 12.50 Ticked USD 12.50 2 products" in shown and "Changed its members: 2 products." in shown
    assert "Coffees Swaps" in visible_text(staff.get(address(ticked)))


def test_a_resource_is_made_and_changed(staff: Client, merchant: Merchant) -> None:
    given = {"name": "Course", "external_resource_id": "R-1", "description": "", "image_url": ""}
    staff.post(RESOURCES, given)
    row = Resource.objects.get(merchant=merchant)
    assert (row.name, row.description, row.image_url) == ("Course", None, None)
    assert "There is a resource with the id R-1 already." in form_errors(staff, RESOURCES, **given)
    assert "Enter a valid URL." in form_errors(staff, address(row, "edit"), name="Course", image_url="nowhere")
    changed = {"name": "Barista course", "description": "Twelve lessons", "external_resource_id": "R-2"}
    shown = visible_text(staff.post(address(row, "edit"), changed, follow=True))
    assert "Barista course Shop ID R-1" in shown and "Twelve lessons" in shown
    assert re.search("Changed name from “[^”]*” to “[^”]*”; description from .*”. Ana Ruiz", shown)


def test_a_resource_leads_to_those_who_have_access(
    staff: Client, resource: Resource, subscription: Subscription
) -> None:
    held = entitlement.grant(subscription, actor=f.STAFF, resource=resource, seconds=86400).result
    other = Resource.objects.create(merchant=resource.merchant, name="Other", external_resource_id="R-2")
    entitlement.grant(subscription, actor=f.STAFF, resource=other, seconds=86400)
    ((_, count, _, url),) = staff.get(address(resource)).context["figures"]
    assert count == "1"
    assert list(staff.get(url).context["cl"].result_list) == [held]
    unknown = staff.get("/admin/subscriptions/entitlement/", {"resource": "7654321"})
    assert list(unknown.context["cl"].result_list) == []


@pytest.mark.parametrize("role", Role.values)
def test_groups_and_resources_are_for_owner_and_marketing(
    role: str, group: ProductGroup, resource: Resource, login: Login
) -> None:
    client = login(group.merchant, role)
    status = 200 if role in {Role.OWNER, Role.MARKETING} else 403
    before = read_all_rows()
    for page in (GROUPS, RESOURCES, address(group, "edit"), address(resource, "edit"), address(group, "members")):
        assert (page, client.get(page).status_code) == (page, status)
    if status == 403:
        for page in (GROUPS, RESOURCES, address(group, "edit"), address(resource, "edit"), address(group, "members")):
            assert client.post(page, {"name": "X"}).status_code == 403
    assert read_all_rows() == before
