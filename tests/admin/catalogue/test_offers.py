"""Staff make offers in plain words, change and retire them, and links can give them at once."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client

from oneclick.models import SavedLink
from subscriptions.actions.offer import create_offer
from subscriptions.actions.offer_terms import Gives, Orders, Terms, read_terms
from subscriptions.models import Coupon, Discount, Merchant, OfferProfile, Product, Role, Subscription
from tests import factories as f
from tests.admin.catalogue.steps import address, form_errors, press
from tests.admin.pages import visible_text
from tests.rows import read_all_rows

Login = Callable[..., Client]
ADD = "/admin/subscriptions/offerprofile/add/"
TEN = Terms(Gives.PERCENT_ITEM, Decimal("10.00"), Orders.EVERY)
BUILDER = "/admin/oneclick/savedlink/add/"


def line(n: int, gives: str, value: str = "", orders: str = "every", minimum: str = "") -> dict[str, str]:
    given = {"gives": gives, "value": value, "orders": orders, "minimum": minimum}
    return {f"discount-{n}-{name}": text for name, text in given.items()}


EMPTY = {**line(1, "none"), **line(2, "none")}


@pytest.fixture
def offer(merchant: Merchant) -> OfferProfile:
    return create_offer(merchant, name="Welcome", terms=[TEN], usable_in_links=True)


def test_an_offer_is_made_and_links_can_give_it_at_once(staff: Client, merchant: Merchant) -> None:
    lines = {**line(0, "percent_item", "10"), **line(1, "free_shipping", "", "first", "50"), **line(2, "none")}
    answer = staff.post(ADD, {"name": "Welcome", "usable_in_links": "on", **lines}, follow=True)
    offer = OfferProfile.objects.get(merchant=merchant)
    assert answer.redirect_chain == [(address(offer), 302)]
    free = Terms(Gives.FREE_SHIPPING, Decimal("100.00"), Orders.FIRST, Decimal("50.00"))
    assert [terms for terms, _ in read_terms(offer)] == [TEN, free]
    shown = visible_text(answer)
    assert "10 % off the item on every order" in shown
    assert "Free shipping on the first order, for orders from USD 50.00" in shown
    assert "Made here. Ana Ruiz" in shown
    variant = offer.offers.get()
    assert variant in staff.get(BUILDER).context["offers"]["candidates"]
    assert f"{BUILDER}?link_action=reactivate&amp;offer={variant.public_id.hex}" in answer.content.decode()


def test_the_way_from_an_offer_to_the_link_builder_has_the_offer_chosen(staff: Client, offer: OfferProfile) -> None:
    variant = offer.offers.get()
    page = staff.get(f"{BUILDER}?link_action=reactivate&offer={variant.public_id.hex}")
    assert page.context["offers"]["chosen"] == variant.public_id.hex
    assert page.context["link"].parameters == {"winback_id": variant.public_id.hex}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": "", **line(0, "percent_item", "10")}, "This field is required."),
        ({"name": "X", **line(0, "percent_item")}, "Enter how much, for example 10."),
        ({"name": "X", **line(0, "percent_order", "100.01")}, "Enter at most 100 %."),
        ({"name": "X", **line(0, "amount_order", "0")}, "Enter more than 0."),
        ({"name": "X", **line(0, "amount_order", "ten")}, "Enter a number, for example 10 or 2.50."),
        ({"name": "X", **line(0, "percent_item", "5", minimum="-1")}, "Enter more than 0."),
        (
            {"name": "X", **line(0, "percent_item", "5"), **line(1, "percent_item", "7", "first")},
            "Two discounts take off the same on the same orders; make them one.",
        ),
        ({"name": "X", **line(0, "percent_item", "5", orders="never")}, "Select a valid choice."),
    ],
)
def test_an_offer_that_cannot_be_is_refused_in_words(
    staff: Client, merchant: Merchant, given: dict[str, str], sentence: str
) -> None:
    assert sentence in form_errors(staff, ADD, **(EMPTY | given))
    assert not OfferProfile.objects.exists()


def test_a_change_says_what_the_offer_gives_now_and_keeps_what_stays(staff: Client, offer: OfferProfile) -> None:
    Coupon.objects.filter(profile=offer, use="initial").update(code="HELLO10")
    kept = set(Discount.objects.values_list("pk", flat=True))
    lines = {**line(0, "percent_item", "10.00"), **line(1, "amount_order", "2.50", "later"), **line(2, "none")}
    given = {"name": "Welcome", "usable_in_links": "on", "first_code": "HELLO10", **lines}
    answer = staff.post(address(offer, "edit"), given, follow=True)
    shown = visible_text(answer)
    assert "Gives now: 10 % off the item on every order; USD 2.50 off the whole order on every order after" in shown
    assert "Coupon code, first order HELLO10" in shown
    assert kept < set(Discount.objects.values_list("pk", flat=True))


def test_orders_carry_the_coupon_code_of_their_discount(staff: Client, merchant: Merchant) -> None:
    lines = {**EMPTY, **line(0, "percent_item", "10", "first")}
    given = {"name": "Welcome", "first_code": "HELLO10", **lines}
    assert "takes nothing off these orders" in form_errors(staff, ADD, **(given | {"later_code": "STAY"}))
    shown = visible_text(staff.post(ADD, given, follow=True))
    assert "Coupon code, first order HELLO10" in shown and "No link can give it" in shown
    offer = OfferProfile.objects.get(merchant=merchant)
    staff.post(address(offer, "edit"), given | {"first_code": "HI"})
    assert list(Coupon.objects.values_list("use", "code")) == [("initial", "HI")]


def test_any_discount_can_be_taken_out_but_not_the_last(staff: Client, offer: OfferProfile) -> None:
    free = {**line(0, "none"), **line(1, "free_shipping"), **line(2, "none")}
    staff.post(address(offer, "edit"), {"name": "Welcome", **free})
    assert [terms.gives for terms, _ in read_terms(offer)] == [Gives.FREE_SHIPPING]
    nothing = {**line(0, "none"), **line(1, "none"), **line(2, "none")}
    sentence = "An offer gives at least one discount."
    assert sentence in form_errors(staff, address(offer, "edit"), name="Welcome", **nothing)


def test_saving_an_offer_unchanged_notes_nothing(staff: Client, offer: OfferProfile) -> None:
    form = staff.get(address(offer, "edit")).context["form"]
    values = {field.html_name: field.value() for part in [form, *form.lines] for field in part}
    before = read_all_rows()
    staff.post(address(offer, "edit"), {name: value for name, value in values.items() if value is not None})
    assert read_all_rows() == before


def test_a_retired_offer_is_given_by_no_link_and_kept_by_who_has_it(
    staff: Client, offer: OfferProfile, subscription: Subscription
) -> None:
    Subscription.objects.filter(pk=subscription.pk).update(offer=offer.offers.get())
    assert press(staff, offer, "retire") == ["Retired Welcome."]
    page = staff.get(address(offer))
    shown = visible_text(page)
    assert "Retired" in shown and "Active subscriptions with it 1" in shown and "Make a link with it" not in shown
    assert staff.get(BUILDER).context["offers"]["candidates"] == []
    users = page.context["figures"][0][3]
    assert list(staff.get(users).context["cl"].result_list) == [subscription]
    assert press(staff, offer, "bring-back") == ["Brought back Welcome."]
    assert staff.get(BUILDER).context["offers"]["candidates"] == [offer.offers.get()]


def test_the_pages_of_an_offer_and_a_product_list_the_links_that_use_them(
    staff: Client, offer: OfferProfile, product: Product
) -> None:
    variant = offer.offers.get().public_id.hex
    for name, action, parameters in [
        ("Back", "reactivate", {"winback_id": variant}),
        ("Both", "upsell", {"og_product_id": product.external_product_id, "og_offer_id": variant}),
        ("Other", "upsell", {"og_product_id": "other"}),
    ]:
        SavedLink.objects.create(merchant=offer.merchant, name=name, action=action, parameters=parameters)
    gone = {"merchant": offer.merchant, "archived": True, "parameters": {"winback_id": variant}}
    SavedLink.objects.create(name="Gone", action="reactivate", **gone)
    SavedLink.objects.create(merchant=f.MerchantFactory(), name="F", action="reactivate", parameters=gone["parameters"])
    found = {}
    for row in (offer, product):
        (panel,) = staff.get(address(row)).context["panels"]
        found[str(row)] = [link.name for link, _, _ in panel["context"]["links"]]
    assert found == {"Welcome": ["Both", "Back"], "House blend": ["Both"]}


@pytest.mark.parametrize("role", Role.values)
def test_offers_are_made_and_changed_by_owner_and_marketing(role: str, offer: OfferProfile, login: Login) -> None:
    client = login(offer.merchant, role)
    status = 200 if role in {Role.OWNER, Role.MARKETING} else 403
    before = read_all_rows()
    for page in (ADD, address(offer, "edit")):
        assert (page, client.get(page).status_code) == (page, status)
        assert (page, client.post(page, {}).status_code) == (page, status)
    assert read_all_rows() == before
    links = client.get(address(offer)).content.decode()
    assert (address(offer, "edit") in links) is (status == 200)
    assert (ADD in client.get("/admin/subscriptions/offerprofile/").content.decode()) is (status == 200)
