"""The builder of links over HTTP: what staff see and save while they choose."""

import html
import re
from typing import Any

import pytest
from django.test import Client

from oneclick.links import link_urls, shop_page
from oneclick.models import LandingPage, SavedLink
from subscriptions.models import AuditEntry, Merchant, Offer, OfferProfile, Product
from tests import factories as f
from tests.admin.links.conftest import (
    ADD,
    CANCEL,
    PLAIN,
    REMINDER,
    create_link,
    link_page,
    page_part,
    save_link,
    shown_url,
)
from tests.rows import read_all_rows


def test_the_link_is_shown_from_the_start_without_errors(staff: Client, merchant: Merchant) -> None:
    answer = staff.get(ADD)
    page = f"https://portal.test/l/{merchant.public_id.hex}/"
    assert shown_url(answer) == f"{page}#og_quick_action=delay#og_quick_action_token={{{{ event.action_token }}}}"
    assert b"This field is required" not in answer.content and b"aria-invalid" not in answer.content
    assert b"Now: Welcome back" in answer.content


def test_each_choice_changes_the_link_at_once_and_saves_nothing(
    staff: Client, product: Product, offer: Offer, merchant: Merchant
) -> None:
    page = LandingPage.objects.get(merchant=merchant)
    before = read_all_rows()
    assert "#og_delay_by=21#" in shown_url(page_part(staff, "link", days="21"))
    upsell = {"link_action": "product_upsell", "product": "HON-1", "offer": offer.public_id.hex, "quantity": "2"}
    assert f"=upsell#og_product_id=HON-1#og_offer_id={offer.public_id.hex}#og_quantity=2#" in shown_url(
        page_part(staff, "link", **upsell)
    )
    often = {**upsell, "link_action": "subscription_upsell", "quantity": "1", "every": "2", "every_period": "2"}
    assert "#og_every=2#og_every_period=2#og_quick" in shown_url(page_part(staff, "link", **often))
    winback = {"link_action": "reactivate", "offer": offer.public_id.hex, "product": "HON-1", "days": "9"}
    assert f"=reactivate#og_winback_id={offer.public_id.hex}#og_quick" in shown_url(page_part(staff, "link", **winback))
    assert "/welcome/#og_quick_action=skip#og_mode=confirm#og_quick_action_token=" in shown_url(
        page_part(staff, "link", link_action="skip", page=str(page.pk), mode="confirm")
    )
    assert "#og_quick_action=skip#og_mode=instant#og" in shown_url(
        page_part(staff, "link", link_action="skip", mode="instant")
    )
    own = {"page": "shop", "page_url": "shop.test/hello?utm_source=x"}
    assert shown_url(page_part(staff, "link", **own)).startswith(
        "https://shop.test/hello?utm_source=x#og_quick_action=delay#"
    )
    assert shown_url(page_part(staff, "link", esp="other", merge_tag="*|T|*")).endswith("_token=*|T|*")
    assert shown_url(page_part(staff, "link", esp="api")).startswith(
        "https://portal.test/one_click/delay/?token={{ action"
    )
    assert read_all_rows() == before


def test_the_link_and_its_snippets_can_be_copied(staff: Client, merchant: Merchant) -> None:
    shown = page_part(staff, "link", button_label="Not <yet>", sms_text="Wait? {link} Bye")
    copies = [html.unescape(text) for text in re.findall(r'data-copy="([^"]*)"', shown)]
    address, button, message = copies
    assert address == shown_url(shown)
    assert f'href="{address}"' in button and ">Not &lt;yet&gt;</a>" in button and 'bgcolor="#1f6f4a"' in button
    page = f"https://portal.test/l/{merchant.public_id.hex}/"
    assert message == f"Wait? {page}?action=delay&token={{{{ event.action_token }}}} Bye"
    # 44 places for a customer's own token.
    assert f"{len(address) - len(link_urls.MERGE_TAGS['klaviyo']) + 44} characters with a customer" in shown
    assert f"{len(message) - len(link_urls.MERGE_TAGS['klaviyo']) + 44} characters, 1 segment" in shown


def test_missing_choices_are_listed_instead_of_a_link(staff: Client) -> None:
    shown = page_part(staff, "link", link_action="subscription_upsell", every="", days="0")
    assert "Choose a product." in shown and "Enter how often." in shown
    assert "data-copy" not in shown
    assert "Enter the address of the page." in page_part(staff, "link", page="shop")
    assert "Leave out # and everything after it" in page_part(
        staff, "link", page="shop", page_url="https://shop.test/#a"
    )
    assert "The address must begin with https://." in page_part(staff, "link", page="shop", page_url="ftp://shop.test/")
    assert "no quotation marks" in page_part(staff, "link", esp="other", merge_tag='"x"')


def test_products_are_found_by_name_sku_and_id_and_the_chosen_one_stays(
    staff: Client, merchant: Merchant, product: Product
) -> None:
    f.ProductFactory(merchant=merchant, name="Tea", autoship_enabled=False)
    f.ProductFactory(merchant=merchant, name="Old honey", live=False)
    f.ProductFactory(name="Foreign honey")

    def found(**fields: Any) -> list[str]:
        return re.findall(r'name="product" value="([^"]*)"', page_part(staff, "products", **fields))

    for term in ("honey", "h1", "hon-", "co honey"):
        assert found(product_term=term) == ["HON-1"]
    tea = found(product_term="tea", product="HON-1")
    assert tea[0] == "HON-1" and len(tea) == 2
    shown = page_part(staff, "products", product="HON-1")
    assert (
        'value="HON-1" checked' in shown and "USD 12.50" in shown and 'src="https://shop.test/house-blend.png"' in shown
    )
    assert "Once only" in shown
    assert "No available product matches." in page_part(staff, "products", product_term="zzz")


def test_only_discounts_that_links_may_give_away_are_offered(staff: Client, merchant: Merchant, offer: Offer) -> None:
    Offer.objects.create(merchant=merchant, profile=offer.profile, name="Staff only")
    Offer.objects.create(merchant=merchant, profile=offer.profile, name="Gone", usable_in_links=True, live=False)

    def found(**fields: Any) -> list[str]:
        return re.findall(r'name="offer" value="([^"]*)"', page_part(staff, "offers", **fields))

    assert found() == found(offer_term="come") == ["", offer.public_id.hex]
    assert found(offer_term="staff") == [""]
    assert "may not give" not in page_part(staff, "link", link_action="reactivate", offer=offer.public_id.hex)
    foreign = Offer.objects.create(
        merchant=(other := f.MerchantFactory()),
        profile=OfferProfile.objects.create(merchant=other, name="x"),
        name="x",
        usable_in_links=True,
    )
    for wrong in (foreign.public_id.hex, "x"):
        assert "may not give this discount" in page_part(staff, "link", link_action="reactivate", offer=wrong)


def test_a_saved_link_is_signed_and_its_page_shows_every_choice(
    staff: Client, merchant: Merchant, product: Product, offer: Offer
) -> None:
    fields = {
        "link_action": "subscription_upsell",
        "product": "HON-1",
        "offer": offer.public_id.hex,
        "quantity": "2",
        "every": "2",
        "every_period": "2",
        "page": "shop",
        "page_url": "https://shop.test/",
        "mode": "confirm",
        "event_kinds": [REMINDER, CANCEL],
        "sms_text": "Hi {link}",
    }
    answer = save_link(staff, **fields)
    link = SavedLink.objects.get()
    assert answer["Location"] == link_page(link)
    assert (link.merchant, link.action, link.page_url, link.mode) == (
        merchant,
        "upsell",
        "https://shop.test/",
        "confirm",
    )
    assert link.parameters == {
        "og_product_id": "HON-1",
        "og_quantity": "2",
        "og_every": "2",
        "og_every_period": "2",
        "og_offer_id": offer.public_id.hex,
    }
    # Only the event whose token the link can use.
    assert (link.event_kinds, link.property_name) == ([REMINDER], "subscription_upsell_url")
    page = staff.get(link_page(link))
    assert shown_url(page) == link_urls.email_url(link, link_urls.merge_tag_of(link))
    checked = re.findall(r'name="(\w+)" value="([^"]*)"(?: class="staff-check")? checked', page.content.decode())
    assert dict(checked) == {
        "esp": "klaviyo",
        "link_action": "subscription_upsell",
        "product": "HON-1",
        "offer": offer.public_id.hex,
        "page": "shop",
        "mode": "confirm",
        "event_kinds": REMINDER,
    }
    assert b"Hi {link}</textarea>" in page.content
    assert [entry.sentence for entry in AuditEntry.objects.all()] == ["Added."]


def test_a_changed_link_keeps_its_id_and_drops_what_no_longer_fits(staff: Client, merchant: Merchant) -> None:
    link = create_link(merchant, page_url="https://shop.test/", event_kinds=[REMINDER], property_name="later_url")
    answer = save_link(
        staff, link_page(link), link_action="reactivate", name="Back", event_kinds=[REMINDER], property_name="x_url"
    )
    assert answer.status_code == 302
    again = SavedLink.objects.get()
    assert (again.public_id, again.name, again.action, again.page_url) == (link.public_id, "Back", "reactivate", "")
    assert (again.event_kinds, again.property_name) == ([], "")


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "Taken"}, "Another link has this name."),
        ({"link_action": "product_upsell"}, "Choose a product."),
        ({"link_action": "product_upsell", "product": "FOREIGN"}, "Choose a product."),
        ({"days": "366"}, "less than or equal to 365"),
        ({"page": "shop", "page_url": "https://"}, "Enter a valid URL."),
        ({"page": "999999999"}, "Choose a page."),
        ({"page": "foreign"}, "Choose a page."),
        ({"page": "9" * 5000}, "at most 20 characters"),
        ({"event_kinds": [REMINDER], "property_name": "action_token"}, "ending in _url"),
        ({"event_kinds": [REMINDER], "property_name": "taken_url"}, "Another link has this name in the event."),
    ],
)
def test_errors_are_shown_beside_their_fields_and_nothing_is_saved(
    staff: Client, merchant: Merchant, fields: dict[str, Any], error: str
) -> None:
    create_link(merchant, "Taken", property_name="taken_url", event_kinds=[REMINDER])
    foreign = f.ProductFactory(external_product_id="FOREIGN")
    if fields.get("page") == "foreign":
        fields = {"page": str(LandingPage.objects.get(merchant=foreign.merchant).pk)}
    before = read_all_rows()
    answer = save_link(staff, **fields)
    assert answer.status_code == 200
    assert error in html.unescape(answer.content.decode())
    assert read_all_rows() == before


def test_a_name_that_is_taken_is_reported_at_its_field(staff: Client, merchant: Merchant) -> None:
    create_link(merchant, "Taken", property_name="taken_url", event_kinds=[REMINDER])
    answer = save_link(staff, name="Taken", event_kinds=[REMINDER], property_name="taken_url")
    assert answer.context_data["form"].errors == {
        "name": ["Another link has this name."],
        "property_name": ["Another link has this name in the event."],
    }
    # A link that is only tried needs no name.
    assert shown_url(staff.post(ADD, {**PLAIN, "_part": "link", "name": "Taken"}))


def test_the_search_term_stays_beside_its_results(staff: Client, product: Product, offer: Offer) -> None:
    for link_action, field in (("product_upsell", "product_term"), ("reactivate", "offer_term")):
        page = save_link(staff, link_action=link_action, name="", **{field: 'none "such"'}).content.decode()
        assert f'name="{field}" value="none &quot;such&quot;"' in page


@pytest.mark.parametrize("field", ["product_term", "product", "offer_term", "offer", "test_order"])
def test_untypable_search_terms_find_nothing_and_break_nothing(staff: Client, product: Product, field: str) -> None:
    for link_action in ("product_upsell", "reactivate"):
        for name in ("products", "offers"):
            page_part(staff, name, link_action=link_action, **{field: "\0"})
    assert staff.post(ADD, {**PLAIN, "link_action": "product_upsell", "_test": "1", field: "\0"}).status_code == 200


@pytest.mark.parametrize("mode", ["", "instant", "confirm"])
def test_the_chosen_mode_of_a_saved_link_is_shown(staff: Client, merchant: Merchant, mode: str) -> None:
    save_link(staff, mode=mode)
    link = SavedLink.objects.get()
    page = staff.get(link_page(link)).content.decode()
    assert (link.mode, re.findall(r'name="mode" value="(\w*)" checked', page)) == (mode, [mode])
    assert ("og_mode" in shown_url(page)) == bool(mode)


def test_without_javascript_a_button_shows_the_link_and_the_check_of_its_page(
    staff: Client, merchant: Merchant, monkeypatch: Any
) -> None:
    html_of_page = f"<script src='https://portal.test/{merchant.public_id.hex}/main.js'></script>"
    monkeypatch.setattr(shop_page, "import_string", lambda name: lambda url: shop_page.Page(200, "", html_of_page))
    fields = {**PLAIN, "_preview": "1", "page": "shop", "page_url": "https://shop.test/", "days": "3", "name": ""}
    answer = staff.post(ADD, fields)
    assert shown_url(answer).startswith("https://shop.test/#og_quick_action=delay#og_delay_by=3#")
    assert b"The page loads your script." in answer.content
    assert b"This field is required" not in answer.content
    assert "The page loads your script." in page_part(staff, "shop_page", page="shop", page_url="https://shop.test/")
    assert not SavedLink.objects.exists()
