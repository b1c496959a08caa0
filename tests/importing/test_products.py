from decimal import Decimal

import pytest

from subscriptions.importing.products import PRODUCTS
from subscriptions.importing.report import Report
from subscriptions.jobs import replacements
from subscriptions.models import (
    Activity,
    Event,
    Merchant,
    Product,
    ProductGroup,
    ProductRelationship,
    Replacement,
    Subscription,
)
from tests.factories import CustomerFactory, ProductFactory, subscription_with_order
from tests.importing.conftest import Load

HEADER = "external_product_id,name,price"
BLEND = "P-1,House blend,12.5"


def groups(product: Product) -> set[str]:
    return {f"{each.group_type}:{each.name}" for each in product.groups.all()}


def test_a_row_becomes_a_product(load: Load, merchant: Merchant) -> None:
    report = load(
        PRODUCTS,
        f"{HEADER},autoship_enabled,every,every_period,groups,extra_data",
        f'{BLEND},yes,2,Weeks,eligibility:prepaid | sku_swap:beans,"{{""roast"": ""light""}}"',
    )
    assert report.problems == []
    product = Product.objects.get()
    assert (product.merchant, product.external_product_id, product.price) == (
        merchant,
        "P-1",
        Decimal("12.50"),
    )
    assert (product.autoship_enabled, product.live, product.every, product.every_period) == (True, True, 2, 2)
    assert product.extra_data == {"roast": "light"}
    assert groups(product) == {"eligibility:prepaid", "sku_swap:beans"}


def test_running_twice_changes_nothing(load: Load) -> None:
    rows = [f"{HEADER},groups", f"{BLEND},sku_swap:beans"]
    load(PRODUCTS, *rows)
    before = list(Product.objects.values())
    assert str(load(PRODUCTS, *rows)) == "0 created, 0 updated, 1 unchanged"
    assert list(Product.objects.values()) == before
    assert ProductGroup.objects.count() == 1


def test_groups_replace_those_stored_and_stay_where_the_column_is_left_out(load: Load) -> None:
    load(PRODUCTS, f"{HEADER},groups", f"{BLEND},sku_swap:beans")
    assert str(load(PRODUCTS, HEADER, BLEND)) == "0 created, 0 updated, 1 unchanged"
    assert groups(Product.objects.get()) == {"sku_swap:beans"}
    assert str(load(PRODUCTS, f"{HEADER},groups", f"{BLEND},eligibility:prepaid")) == (
        "0 created, 1 updated, 0 unchanged"
    )
    assert groups(Product.objects.get()) == {"eligibility:prepaid"}


def test_a_discontinued_product_is_out_of_stock_and_not_for_subscribing(load: Load) -> None:
    load(PRODUCTS, f"{HEADER},discontinued,live,autoship_enabled", f"{BLEND},true,true,true")
    product = Product.objects.get()
    assert (product.discontinued, product.live, product.autoship_enabled) == (True, False, False)


def test_a_product_keeps_the_type_it_was_made_with(load: Load, merchant: Merchant) -> None:
    ProductFactory(merchant=merchant, external_product_id="P-1")
    report = load(PRODUCTS, f"{HEADER},product_type", f"{BLEND},plan")
    assert [str(each) for each in report.problems] == [
        "line 2, product_type: a product keeps the type it was created with: standard."
    ]
    assert Product.objects.get().product_type == "standard"


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("image_url", "blend.png", "“blend.png” is not a web address; write all of it, with https://."),
        (
            "groups",
            "beans",
            "“beans” is not a group; write type:name, such as sku_swap:beans, with | between them.",
        ),
        ("every", "0", "“0” is not a whole number from 1 to 999."),
        ("every", "2", "every and every_period need each other; fill or empty both."),
    ],
)
def test_a_bad_cell_is_refused(load: Load, column: str, value: str, sentence: str) -> None:
    report = load(PRODUCTS, f"{HEADER},{column}", f"{BLEND},{value}")
    assert [str(each) for each in report.problems] == [f"line 2, {column}: {sentence}"]
    assert not Product.objects.exists()


@pytest.mark.parametrize("price", ["free", "12,50", "-1", "NaN", "1e3", "$5", "１２"])
def test_a_price_must_be_digits_and_a_point(load: Load, price: str) -> None:
    report = load(PRODUCTS, HEADER, f'P-1,House blend,"{price}"')
    assert "is not an amount; write only digits and a decimal point, such as 12.50." in str(report.problems[0])


@pytest.mark.parametrize("price", ["1.005", "100000"])
def test_a_price_has_two_decimals_and_a_limit(load: Load, price: str) -> None:
    report = load(PRODUCTS, HEADER, f"P-1,House blend,{price}")
    assert "is not a price; write at most 99999.99, with two decimals." in str(report.problems[0])


def discontinue(load: Load) -> Report:
    return load(PRODUCTS, f"{HEADER},discontinued", f"{BLEND},yes")


@pytest.fixture
def blend(merchant: Merchant) -> Product:
    """A product with one live subscription."""
    made: Product = ProductFactory(merchant=merchant, external_product_id="P-1", price=Decimal("12.50"))
    subscription_with_order(customer=CustomerFactory(merchant=merchant), product=made)
    return made


@pytest.mark.parametrize(
    ("kind", "kinds"),
    [("discontinued_replacement", ["ordergroove.subscription.sku_swap"]), ("discontinued_silent_replacement", [])],
)
def test_a_feed_that_discontinues_swaps_by_the_relationship(
    load: Load, merchant: Merchant, blend: Product, kind: str, kinds: list[str]
) -> None:
    dark = ProductFactory(merchant=merchant, name="Dark roast")
    ProductRelationship.objects.create(merchant=merchant, relationship_type=kind, from_product=blend, to_product=dark)
    assert discontinue(load).notices == [
        "“House blend” is discontinued: 1 live subscription is swapped for “Dark roast”."
    ]
    replacements.continue_replacement(Replacement.objects.get().pk)
    assert Subscription.objects.get().product == dark
    activity = Activity.objects.get()
    assert (activity.actor_kind, activity.actor_name) == ("job", "Product feed")
    assert [event.kind for event in Event.objects.all()] == kinds


def test_a_feed_that_discontinues_ends_what_nothing_replaces(load: Load, blend: Product) -> None:
    assert discontinue(load).notices == ["“House blend” is discontinued: 1 live subscription is cancelled."]
    replacements.continue_replacement(Replacement.objects.get().pk)
    assert not Subscription.objects.get().live


def test_a_feed_leaves_impossible_replacements_to_staff(load: Load, merchant: Merchant, blend: Product) -> None:
    ProductRelationship.objects.create(
        merchant=merchant,
        relationship_type="discontinued_replacement",
        from_product=blend,
        to_product=ProductFactory(merchant=merchant, autoship_enabled=False),
    )
    (notice,) = discontinue(load).notices
    assert "its subscriptions stay until staff replace them" in notice
    assert not Replacement.objects.exists()


def test_only_the_row_that_discontinues_begins_a_replacement(load: Load, blend: Product) -> None:
    discontinue(load)
    discontinue(load)
    load(PRODUCTS, f"{HEADER},discontinued", "P-2,Dark roast,14,yes")
    assert Replacement.objects.count() == 1


def test_a_dry_run_and_a_refused_file_begin_no_replacement(load: Load, blend: Product) -> None:
    rows = (f"{HEADER},discontinued", f"{BLEND},yes")
    assert load(PRODUCTS, *rows, dry_run=True).notices == [
        "“House blend” is discontinued: 1 live subscription is cancelled."
    ]
    load(PRODUCTS, *rows, "P-2,Dark roast,free,no")
    assert not Replacement.objects.exists()
    assert not Product.objects.get().discontinued
