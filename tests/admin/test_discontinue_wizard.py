"""Staff discontinue a product: each step, for whom it is, and what the pages say."""

import html
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.formats import date_format

from subscriptions.actions import product as verbs
from subscriptions.jobs import replacements
from subscriptions.models import (
    Activity,
    Item,
    Merchant,
    Order,
    Product,
    ProductGroup,
    ProductRelationship,
    Replacement,
    Role,
    Subscription,
)
from tests import factories as f
from tests.rows import everything

Login = Callable[..., Client]
PREPAID = {"prepaid_orders_per_billing": 3, "prepaid_orders_remaining": 2, "renewal_behavior": "autorenew"}
BUTTON = "/discontinue/"


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = f.MerchantFactory()
    return made


@pytest.fixture
def product(merchant: Merchant) -> Product:
    made: Product = f.ProductFactory(merchant=merchant)
    return made


@pytest.fixture
def dark(merchant: Merchant) -> Product:
    made: Product = f.ProductFactory(merchant=merchant, name="Dark roast", sku="DARK-1", price=Decimal("14.00"))
    return made


@pytest.fixture
def staff(merchant: Merchant, login: Login) -> Client:
    return login(merchant, Role.SUPPORT, first_name="Sam", last_name="Staff")


def page_of(product: Product, page: str = "discontinue") -> str:
    return f"/admin/subscriptions/product/{product.pk}/{page}/"


def subscribe(product: Product, number: int = 1, **fields: Any) -> list[Subscription]:
    return [
        f.subscription_with_order(customer=f.CustomerFactory(merchant=product.merchant), product=product, **fields)
        for _ in range(number)
    ]


def relate(product: Product, substitute: Product, kind: str = "discontinued_replacement") -> None:
    ProductRelationship.objects.create(
        merchant=product.merchant, relationship_type=kind, from_product=product, to_product=substitute
    )


def text(answer: HttpResponse) -> str:
    """What a person reads on the page."""
    assert answer.status_code == 200
    main = answer.content.decode().split('id="content"')[-1]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", main)).split())


def choices(answer: HttpResponse) -> list[str]:
    return re.findall(r'name="choice" form="choice" value="(\w+)"', answer.content.decode())


def test_the_first_step_lists_the_live_subscriptions(staff: Client, product: Product, dark: Product) -> None:
    (subscription,) = subscribe(product)
    subscribe(dark)
    answer = staff.get(page_of(product))
    assert "Discontinue House blend 1. Choose 2. Check 3. Progress It has 1 live subscription of 1 customer." in text(
        answer
    )
    item = Item.objects.select_related("order").get(subscription=subscription)
    day = date_format(item.order.place_date, "N j, Y")
    assert f"Ana Ruiz 2 Every 2 weeks {day} $12.50" in text(answer)
    assert f"/customer/{subscription.customer_id}/change/".encode() in answer.content


def test_the_list_has_pages(staff: Client, product: Product) -> None:
    subscribe(product, 11)
    assert "Page 1 of 2" in text(staff.get(page_of(product)))
    last = staff.get(page_of(product), {"page": 2})
    assert text(last).count("Every 2 weeks") == 1


def test_the_relationship_is_proposed_and_group_mates_come_next(
    staff: Client, merchant: Merchant, product: Product, dark: Product
) -> None:
    subscribe(product)
    relate(product, dark)
    early, mate = f.ProductFactory(merchant=merchant, name="Aaa"), f.ProductFactory(merchant=merchant, name="Zzz")
    group = ProductGroup.objects.create(merchant=merchant, group_type="sku_swap", name="beans")
    group.products.add(product, mate)
    f.ProductFactory(merchant=merchant, autoship_enabled=False)
    f.ProductFactory(merchant=merchant, autoship_enabled=False, live=False, discontinued=True)
    f.ProductFactory()
    answer = staff.get(page_of(product))
    assert choices(answer) == [str(dark.pk), "end", str(mate.pk), str(early.pk)]
    assert re.search(rf'value="{dark.pk}" required checked', answer.content.decode())


def test_a_relationship_that_cannot_be_followed_is_named_with_its_reason(
    staff: Client, product: Product, dark: Product
) -> None:
    subscribe(product)
    relate(product, dark)
    Product.objects.filter(pk=dark.pk).update(autoship_enabled=False)
    answer = staff.get(page_of(product))
    assert choices(answer) == ["end"]
    assert "names Dark roast as what replaces it, but: The replacement cannot be subscribed to" in text(answer)


def test_other_products_are_found_by_name_sku_and_id(staff: Client, product: Product, dark: Product) -> None:
    subscribe(product)
    for term in ("roast", "dark-1", dark.external_product_id, "dark roast"):
        assert choices(staff.get(page_of(product), {"q": term})) == ["end", str(dark.pk)]
    assert staff.get(page_of(product), {"q": "li\0ght", "page": "9" * 5000}).status_code == 200
    nothing = staff.get(page_of(product), {"q": "light"})
    assert choices(nothing) == ["end"]
    assert "No product that can be subscribed to is called so." in text(nothing)


def test_without_other_products_the_page_says_so(staff: Client, product: Product) -> None:
    subscribe(product)
    assert "There is no other product that can be subscribed to." in text(staff.get(page_of(product)))


def test_the_preview_of_a_swap_says_what_changes_and_what_stays(staff: Client, product: Product, dark: Product) -> None:
    subscribe(product, 2)
    subscribe(product, 1, price=Decimal("9.00"))
    subscribe(product, 1, **PREPAID)
    (placing,) = subscribe(product, 1)
    Order.objects.filter(items__subscription=placing).update(locked=True)
    shown = text(staff.get(page_of(product), {"choice": dark.pk}))
    assert "3 of 5 subscriptions are swapped for Dark roast" in shown
    assert (
        "The unit price changes from $12.50 to $14.00 , from the next order on. 1 of all keeps a locked price." in shown
    )
    assert "1: prepaid orders are still to be delivered, and the new product does not cost the same." in shown
    assert "1: the next order is being placed just now." in shown
    assert "sends the event ordergroove.subscription.sku_swap" in shown


def test_the_preview_is_what_then_happens(staff: Client, product: Product, dark: Product) -> None:
    subscribe(product, 2)
    subscribe(product, 1, **PREPAID)
    subscribe(product, 1, price=Decimal("9.00"), **PREPAID)
    (placing,) = subscribe(product, 1)
    Order.objects.filter(items__subscription=placing).update(locked=True)
    outlook = staff.get(page_of(product), {"choice": dark.pk}).context["outlook"]
    run = verbs.discontinue(product, actor=f.STAFF, substitute=dark)
    replacements.run(run.pk)
    run.refresh_from_db()
    assert (outlook.total, outlook.changed) == (run.total, run.done) == (5, 3)


def test_prepaid_subscriptions_follow_a_swap_at_the_same_price(staff: Client, product: Product, dark: Product) -> None:
    Product.objects.filter(pk=dark.pk).update(price=product.price)
    subscribe(product, 1, **PREPAID)
    shown = text(staff.get(page_of(product), {"choice": dark.pk}))
    assert "1 of 1 subscription is swapped for Dark roast The unit price stays at $12.50." in shown
    assert "stay as they are" not in shown


def test_the_preview_of_an_end_counts_prepaid_orders(staff: Client, product: Product) -> None:
    subscribe(product, 2)
    subscribe(product, 1, **PREPAID)
    shown = text(staff.get(page_of(product), {"choice": "end"}))
    assert "2 of 3 subscriptions are cancelled" in shown
    assert "1: prepaid orders are still to be delivered." in shown
    assert "sends the event ordergroove.subscription.cancel" in shown


@pytest.mark.parametrize(
    ("kind", "told"), [("discontinued_replacement", True), ("discontinued_silent_replacement", False)]
)
def test_the_event_is_proposed_as_the_relationship_has_it(
    staff: Client, product: Product, dark: Product, kind: str, told: bool
) -> None:
    subscribe(product)
    relate(product, dark, kind)
    answer = staff.get(page_of(product), {"choice": dark.pk}).content.decode()
    assert bool(re.search(r'name="tell"[^>]*checked', answer)) is told


@pytest.mark.parametrize("choice", ["", "x", "0", "-1", "9" * 30, "itself", "foreign", "not for sale"])
def test_a_choice_that_is_none_leads_back_with_the_reason(
    staff: Client, merchant: Merchant, product: Product, choice: str
) -> None:
    subscribe(product)
    named = {
        "itself": product,
        "foreign": f.ProductFactory(),
        "not for sale": f.ProductFactory(merchant=merchant, autoship_enabled=False),
    }
    value = named[choice].pk if choice in named else choice
    before = everything()
    assert b"choose another" in staff.get(page_of(product), {"choice": value}, follow=True).content
    assert b"choose another" in staff.post(page_of(product), {"choice": value}, follow=True).content
    assert everything() == before


@pytest.mark.parametrize("tell", [True, False])
def test_the_confirmation_begins_and_leads_to_the_progress(
    staff: Client, product: Product, dark: Product, tell: bool
) -> None:
    subscribe(product)
    answer = staff.post(page_of(product), {"choice": dark.pk, **({"tell": "on"} if tell else {})})
    run = Replacement.objects.get()
    assert answer["Location"] == f"/admin/subscriptions/replacement/{run.pk}/change/"
    assert (run.product, run.substitute, run.silent, run.total) == (product, dark, not tell, 1)
    assert (run.actor["kind"], run.actor["name"]) == ("staff", "Sam Staff")
    assert Product.objects.get(pk=product.pk).discontinued


def test_a_second_visit_while_it_runs_leads_to_the_progress(staff: Client, product: Product) -> None:
    subscribe(product)
    run = verbs.discontinue(product, actor=f.STAFF)
    for method in (staff.get, staff.post):
        assert method(page_of(product), {"choice": "end"})["Location"].endswith(f"/replacement/{run.pk}/change/")
    assert Replacement.objects.count() == 1


def test_the_progress_follows_by_itself_until_it_is_done(staff: Client, product: Product) -> None:
    subscribe(product, 3)
    run = verbs.discontinue(product, actor=f.STAFF)
    Replacement.objects.update(done=1)
    page = f"/admin/subscriptions/replacement/{run.pk}/change/"
    answer = staff.get(page)
    assert "1 of 3 subscriptions gone through." in text(answer)
    assert b'aria-valuenow="33"' in answer.content and b"every 2s" in answer.content
    Replacement.objects.update(done=0)
    replacements.run(run.pk)
    answer = staff.get(page)
    assert "3 of 3 subscriptions were cancelled." in text(answer)
    assert re.search(r"Begun .* by Sam Staff Done", text(answer))
    assert b'aria-valuenow="100"' in answer.content and b"every 2s" not in answer.content


def test_what_stayed_is_listed_with_its_customer_and_the_reason(staff: Client, product: Product) -> None:
    (prepaid,) = subscribe(product, 1, **PREPAID)
    run = verbs.discontinue(product, actor=f.STAFF)
    replacements.run(run.pk)
    answer = staff.get(f"/admin/subscriptions/replacement/{run.pk}/change/")
    assert "0 of 1 subscription were cancelled; 1 stayed as it was." in text(answer)
    assert "Ana Ruiz 2 prepaid orders are still to be delivered." in text(answer)
    assert f"/customer/{prepaid.customer_id}/change/".encode() in answer.content


def test_the_products_page_leads_to_its_replacement_while_it_runs_and_afterwards(
    staff: Client, product: Product
) -> None:
    subscribe(product)
    subscribe(product, 1, **PREPAID)
    assert "See the" not in text(staff.get(page_of(product, "change")))
    run = verbs.discontinue(product, actor=f.STAFF)
    during = staff.get(page_of(product, "change"))
    assert "Its subscriptions are being cancelled: 0 of 2 so far. See the progress" in text(during)
    assert BUTTON not in during.content.decode()
    replacements.run(run.pk)
    afterwards = staff.get(page_of(product, "change"))
    assert "1 subscription was cancelled on" in text(afterwards)
    assert "1 live subscription to it is left." in text(afterwards)
    assert f"/replacement/{run.pk}/change/" in afterwards.content.decode()
    assert "Replace subscriptions" in afterwards.content.decode()


def test_a_product_nobody_subscribes_to_is_discontinued_in_one_step(staff: Client, product: Product) -> None:
    answer = staff.get(page_of(product))
    assert "Nobody subscribes to House blend" in text(answer)
    done = staff.post(page_of(product), {"choice": "end"}, follow=True)
    assert "0 of 0 subscriptions gone through." in text(done)
    replacements.run(Replacement.objects.get().pk)
    assert "there was nothing to do" in text(staff.get(done.request["PATH_INFO"]))
    assert "nobody subscribes to it" in text(staff.get(page_of(product)))
    assert BUTTON not in staff.get(page_of(product, "change")).content.decode()


@pytest.mark.parametrize("role", Role.values)
def test_the_wizard_is_for_those_who_may_change_subscriptions(
    role: str, merchant: Merchant, product: Product, login: Login
) -> None:
    subscribe(product)
    client = login(merchant, role)
    may = role in {Role.OWNER, Role.SUPPORT}
    before = everything()
    assert (BUTTON in client.get(page_of(product, "change")).content.decode()) is may
    assert client.get(page_of(product)).status_code == (200 if may else 403)
    assert client.get(page_of(product), {"choice": "end"}).status_code == (200 if may else 403)
    assert everything() == before
    assert client.post(page_of(product), {"choice": "end"}).status_code == (302 if may else 403)
    assert Replacement.objects.count() == may
    run = verbs.discontinue(f.ProductFactory(merchant=merchant), actor=f.STAFF)
    assert client.get(f"/admin/subscriptions/replacement/{run.pk}/change/").status_code == 200


def test_another_merchants_product_is_not_there(staff: Client) -> None:
    foreign = f.ProductFactory()
    subscribe(foreign)
    before = everything()
    assert staff.get(page_of(foreign)).status_code == 404
    assert staff.post(page_of(foreign), {"choice": "end"}).status_code == 404
    assert everything() == before
    assert not Activity.objects.exists()


def test_the_number_of_queries_does_not_grow(staff: Client, product: Product, dark: Product) -> None:
    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert staff.get(address).status_code == 200
        return len(captured)

    subscribe(product)
    pages = [page_of(product), f"{page_of(product)}?choice={dark.pk}", page_of(product, "change")]
    few = [queries(page) for page in pages]
    subscribe(product, 10, **PREPAID)
    f.ProductFactory.create_batch(8, merchant=product.merchant)
    assert [queries(page) for page in pages] == few
    run = verbs.discontinue(product, actor=f.STAFF, substitute=dark)
    replacements.run(run.pk)
    assert queries(f"/admin/subscriptions/replacement/{run.pk}/change/") <= 8
    assert max(few) <= 14
