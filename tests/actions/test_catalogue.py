"""What staff and REST change of products, product groups and offers."""

from decimal import Decimal

import pytest

from subscriptions.actions import offer as offers
from subscriptions.actions import product_group
from subscriptions.actions.offer_terms import Gives, Orders, Terms, read_terms
from subscriptions.actions.product_fields import change_product
from subscriptions.actors import Actor, ActorKind
from subscriptions.errors import Refused
from subscriptions.models import Coupon, Discount, Merchant, Offer, OfferProfile, Product, ProductGroup
from tests.factories import STAFF, MerchantFactory, ProductFactory, subscription_with_order

KEY = Actor(ActorKind.API_KEY, "rpk", "Feed")
TEN = Terms(Gives.PERCENT_ITEM, Decimal("10.00"), Orders.EVERY)
FREE = Terms(Gives.FREE_SHIPPING, Decimal("100.00"), Orders.FIRST, Decimal("50.00"))
TWO = Terms(Gives.AMOUNT_ORDER, Decimal("2.50"), Orders.LATER)


@pytest.fixture
def merchant(db: None) -> Merchant:
    return MerchantFactory(shipping_rate=Decimal("4.90"))


@pytest.fixture
def profile(merchant: Merchant) -> OfferProfile:
    return offers.create_offer(merchant, name="Stay", terms=[TEN, FREE, TWO], usable_in_links=True)


def test_what_staff_set_is_theirs_until_a_feed_sets_it(merchant: Merchant) -> None:
    product = ProductFactory(merchant=merchant, price=Decimal("12.50"))
    assert change_product(product, actor=STAFF, price=Decimal("13.00"), live=True) == ["price"]
    product.refresh_from_db()
    assert (product.price, product.set_by_staff) == (Decimal("13.00"), ["price"])
    assert change_product(product, actor=KEY, price=Decimal("13.00")) == []
    product.refresh_from_db()
    assert product.set_by_staff == []


def test_the_same_values_leave_a_product_as_it_is(merchant: Merchant) -> None:
    product = ProductFactory(merchant=merchant)
    assert change_product(product, actor=STAFF, price=product.price, live=True) == []
    assert Product.objects.get(pk=product.pk).last_update == product.last_update


def test_half_a_frequency_is_refused_and_a_discontinued_product_stays_off(merchant: Merchant) -> None:
    product = ProductFactory(merchant=merchant, discontinued=True, autoship_enabled=False, live=False)
    with pytest.raises(Refused):
        change_product(product, actor=STAFF, every=2)
    assert change_product(product, actor=STAFF, live=True, autoship_enabled=True, prepaid_eligible=True) == [
        "prepaid_eligible"
    ]


def test_members_join_and_leave_a_group(merchant: Merchant) -> None:
    group = product_group.create_group(merchant, group_type=ProductGroup.Type.SKU_SWAP, name="Beans")
    stays, joins, leaves, other = (ProductFactory(merchant=merchant) for _ in range(4))
    group.products.add(stays, leaves)
    assert product_group.change_members(group, add=[stays, joins], remove=[leaves, other]) == 2
    assert set(group.products.all()) == {stays, joins}
    assert Product.objects.get(pk=joins.pk).last_update > joins.last_update
    assert Product.objects.get(pk=stays.pk).last_update == stays.last_update


def test_an_offer_is_read_as_it_was_made(profile: OfferProfile) -> None:
    assert [terms for terms, _ in read_terms(profile)] == [TEN, FREE, TWO]
    variant = profile.offers.get()
    assert (variant.name, variant.usable_in_links, variant.live) == ("Stay", True, True)
    rows = Discount.objects.filter(coupon__profile=profile).values_list("coupon__use", "name", "threshold_value")
    assert set(rows) == {
        ("initial", "10 % off the item", None),
        ("recurring", "10 % off the item", None),
        ("initial", "Free shipping", Decimal("50.00")),
        ("recurring", "USD 2.50 off the whole order", None),
    }
    assert [terms.sentence("USD") for terms in (TEN, FREE, TWO)] == [
        "10 % off the item on every order",
        "Free shipping on the first order, for orders from USD 50.00",
        "USD 2.50 off the whole order on every order after the first",
    ]


def test_an_order_with_the_offer_costs_what_the_offer_says(profile: OfferProfile) -> None:
    product = ProductFactory(merchant=profile.merchant, price=Decimal("30.00"))
    subscription = subscription_with_order(
        product=product,
        merchant=profile.merchant,
        customer__merchant=profile.merchant,
        offer=profile.offers.get(),
        raw_subscription_type="CSA replenishment",
    )
    order = subscription.items.get(upcoming=True).order
    assert (order.sub_total, order.shipping_total) == (Decimal("54.00"), Decimal("0.00"))


def test_discounts_that_stay_keep_their_rows(profile: OfferProfile) -> None:
    (_, ten), *_ = read_terms(profile)
    five = Terms(Gives.AMOUNT_ITEM, Decimal(5), Orders.FIRST)
    assert offers.change_offer(profile, name="Stay with us", terms=[TEN, five], usable_in_links=False)
    assert [terms for terms, _ in read_terms(profile)] == [TEN, five]
    assert [row.pk for row in read_terms(profile)[0][1]] == [row.pk for row in ten]
    variant = profile.offers.get()
    assert (variant.name, variant.usable_in_links) == ("Stay with us", False)
    assert not offers.change_offer(profile, name="Stay with us", terms=[TEN, five], usable_in_links=False)


def test_an_offer_without_a_variant_gets_one_for_links(merchant: Merchant) -> None:
    profile = OfferProfile.objects.create(merchant=merchant, name="Old")
    Coupon.objects.create(merchant=merchant, profile=profile, use="initial", name="Old", code="OLD")
    offers.change_offer(profile, name="Old", terms=[TEN], usable_in_links=True)
    assert Offer.objects.get(profile=profile).usable_in_links
    assert set(profile.coupons.values_list("use", "code")) == {("initial", "OLD"), ("recurring", "")}


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ([], "offer_empty"),
        ([Terms(Gives.PERCENT_ITEM, Decimal("100.01"), Orders.EVERY)], "invalid_value"),
        ([Terms(Gives.AMOUNT_ITEM, Decimal(0), Orders.EVERY)], "invalid_value"),
        ([Terms(Gives.AMOUNT_ITEM, Decimal("0.001"), Orders.EVERY)], "invalid_value"),
        ([Terms(Gives.FREE_SHIPPING, Decimal(50), Orders.EVERY)], "invalid_value"),
        ([TEN, Terms(Gives.PERCENT_ITEM, Decimal(20), Orders.FIRST)], "offer_repeated"),
    ],
)
def test_an_offer_that_nobody_can_have_is_refused_and_nothing_is_made(
    merchant: Merchant, terms: list[Terms], code: str
) -> None:
    with pytest.raises(Refused) as refusal:
        offers.create_offer(merchant, name="Odd", terms=terms, usable_in_links=True)
    assert refusal.value.code == code
    assert not OfferProfile.objects.exists() and not Discount.objects.exists()


def test_a_retired_offer_comes_back(profile: OfferProfile) -> None:
    offers.retire_offer(profile)
    profile.refresh_from_db()
    assert profile.status == OfferProfile.Status.ARCHIVED
    offers.restore_offer(profile)
    profile.refresh_from_db()
    assert (profile.status, profile.live) == (OfferProfile.Status.AVAILABLE, True)
