"""The spelling of links, and that signed ones cannot be changed."""

from typing import Any

import pytest

from oneclick.links import link_urls, signed_links
from oneclick.models import LandingPage, OneClickSettings, SavedLink
from subscriptions.models import Merchant
from tests.factories import MerchantFactory

UPSELL = {"og_product_id": "TEA 1/2", "og_offer_id": "0" * 32, "og_every": "1", "og_every_period": "3"}


@pytest.fixture
def merchant(db: None, settings: Any) -> Merchant:
    settings.PUBLIC_URL = "https://portal.test"
    made: Merchant = MerchantFactory(name="Harbour")
    return made


def draft_link(merchant: Merchant, action: str = "delay", **fields: Any) -> SavedLink:
    return SavedLink(merchant=merchant, name="Later", action=action, **fields)


def create_link(merchant: Merchant, action: str = "upsell", parameters: dict[str, str] | None = None) -> SavedLink:
    link = draft_link(merchant, action, parameters=UPSELL if parameters is None else parameters)
    link.save()
    return link


def refusal_of(link: SavedLink, given: dict[str, str] | None = None, **fields: str) -> str | None:
    rules = OneClickSettings.objects.get(merchant=link.merchant)
    link.merchant.one_click = rules
    signed = {"og_link": link.public_id.hex, "og_sig": signed_links.sign_link(link)}
    return signed_links.link_refusal(
        link.merchant, link.action, link.parameters if given is None else given, signed | fields
    )


def test_on_a_page_each_parameter_follows_its_own_hash_mark(merchant: Merchant) -> None:
    link = draft_link(merchant, parameters={"days": "21"}, page_url="https://shop.test/?utm_source=x")
    assert link_urls.email_url(link, link_urls.merge_tag_of(link)) == (
        "https://shop.test/?utm_source=x#og_quick_action=delay#og_delay_by=21"
        "#og_quick_action_token={{ event.action_token }}"
    )


def test_in_a_text_message_the_parameters_are_in_the_query(merchant: Merchant) -> None:
    link = draft_link(merchant, parameters={"days": "21"}, page_url="https://shop.test/?utm_source=x", mode="confirm")
    assert (
        link_urls.sms_url(link, "T") == "https://shop.test/?utm_source=x&action=delay&days=21&og_mode=confirm&token=T"
    )
    link.page_url = "https://shop.test/back"
    assert link_urls.sms_url(link, "T") == "https://shop.test/back?action=delay&days=21&og_mode=confirm&token=T"


def test_links_to_the_api_use_its_own_parameter_names(merchant: Merchant) -> None:
    link = draft_link(merchant, "reactivate", esp="api", parameters={"winback_id": "ab"}, merge_tag="*|TOKEN|*")
    written = "https://portal.test/one_click/reactivate/?winback_id=ab&token=*|TOKEN|*"
    assert (
        link_urls.email_url(link, link_urls.merge_tag_of(link))
        == link_urls.sms_url(link, link_urls.merge_tag_of(link))
        == written
    )


def test_values_are_quoted_and_the_merge_tag_is_not(merchant: Merchant) -> None:
    link = draft_link(merchant, "upsell", esp="attentive", parameters=UPSELL, page_url="https://shop.test/")
    written = link_urls.email_url(link, link_urls.merge_tag_of(link))
    assert "#og_product_id=TEA%201%2F2#" in written
    assert written.endswith("={{triggerEvent.custom['action_token']}}")


def test_a_link_without_a_page_leads_to_the_default_landing_page(merchant: Merchant) -> None:
    page = LandingPage.objects.get(merchant=merchant)
    base = f"https://portal.test/l/{merchant.public_id.hex}/"
    assert link_urls.target_url(draft_link(merchant)) == base
    assert link_urls.target_url(draft_link(merchant, landing_page=page)) == f"{base}welcome/"


def test_a_saved_link_carries_its_id_and_signature(merchant: Merchant) -> None:
    link = create_link(merchant)
    end = f"#og_link={link.public_id.hex}#og_sig={signed_links.sign_link(link)}#og_quick_action_token=T"
    assert link_urls.email_url(link, "T").endswith(end)
    assert f"&og_link={link.public_id.hex}&og_sig={signed_links.sign_link(link)}&token=T" in link_urls.sms_url(
        link, "T"
    )
    assert len(signed_links.sign_link(link)) == 23


def test_a_link_with_a_valid_signature_is_accepted_without_a_query(
    merchant: Merchant, django_assert_num_queries: Any
) -> None:
    link = create_link(merchant)
    merchant.one_click = OneClickSettings.objects.get(merchant=merchant)
    fields = {"og_link": link.public_id.hex, "og_sig": signed_links.sign_link(link), "utm_source": "x"}
    with django_assert_num_queries(0):
        assert signed_links.link_refusal(merchant, "upsell", UPSELL, fields) is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"og_product_id": "TEA-2"}, "invalid_og_product_id"),
        ({"og_offer_id": "1" * 32}, "invalid_og_offer_id"),
        ({"og_offer_id": None}, "invalid_og_offer_id"),
        ({"og_every": "2"}, "invalid_og_every"),
        ({"og_every": None, "og_every_period": None}, "invalid_og_every"),
        ({"og_every_period": "1"}, "invalid_og_every_period"),
        ({"og_quantity": "9"}, "invalid_og_quantity"),
        ({"og_product_id": "TEA-2", "og_every": "2"}, "invalid_og_product_id"),
    ],
)
def test_a_changed_parameter_is_refused_by_its_name(merchant: Merchant, change: dict[str, Any], code: str) -> None:
    given = {name: value for name, value in {**UPSELL, **change}.items() if value is not None}
    assert refusal_of(create_link(merchant), given) == code


def test_changed_days_and_discounts_are_refused_by_their_names_in_links(merchant: Merchant) -> None:
    assert refusal_of(create_link(merchant, "delay", {"days": "7"}), {"days": "300"}) == "invalid_og_delay_by"
    SavedLink.objects.all().delete()
    assert refusal_of(create_link(merchant, "reactivate", {}), {"winback_id": "1" * 32}) == "invalid_og_winback_id"


@pytest.mark.parametrize(
    "fields",
    [{"og_sig": ""}, {"og_sig": "x" * 23}, {"og_sig": "\ud800"}, *({"og_link": text} for text in ("", "x", "0" * 32))],
)
def test_a_broken_signature_is_refused(merchant: Merchant, fields: dict[str, str]) -> None:
    assert refusal_of(create_link(merchant), **fields) == "invalid_og_sig"


def test_a_signature_for_one_action_or_merchant_is_invalid_for_another(merchant: Merchant) -> None:
    link, other = create_link(merchant, "delay", {}), MerchantFactory()
    fields = {"og_link": link.public_id.hex, "og_sig": signed_links.sign_link(link)}
    assert signed_links.link_refusal(merchant, "skip", {}, fields) == "invalid_og_sig"
    assert signed_links.link_refusal(other, "delay", {}, fields) == "invalid_og_sig"
    assert signed_links.find_saved_link(other, link.public_id.hex) is None
    assert signed_links.find_saved_link(merchant, link.public_id.hex) == link


def test_links_already_sent_go_on_working_when_the_link_is_changed_or_archived(merchant: Merchant) -> None:
    link = create_link(merchant, "delay", {"days": "7"})
    fields = {"og_link": link.public_id.hex, "og_sig": signed_links.sign_link(link)}
    SavedLink.objects.update(parameters={"days": "14"}, archived=True)
    assert signed_links.link_refusal(merchant, "delay", {"days": "7"}, fields) is None


def test_an_unsigned_link_acts_unless_the_merchant_requires_signatures(merchant: Merchant) -> None:
    assert signed_links.link_refusal(merchant, "delay", {"days": "7"}, {}) is None
    OneClickSettings.objects.update(require_signed_links=True)
    merchant.one_click.refresh_from_db()
    assert signed_links.link_refusal(merchant, "delay", {"days": "7"}, {}) == "missing_og_sig"
    assert refusal_of(create_link(merchant)) is None


def test_older_keys_still_verify_and_retired_ones_do_not(merchant: Merchant, settings: Any) -> None:
    link = create_link(merchant)
    old = signed_links.sign_link(link)
    settings.ONE_CLICK_KEYS = {"2": "ab" * 32, **settings.ONE_CLICK_KEYS}
    assert signed_links.sign_link(link) != old
    assert refusal_of(link, og_sig=old) is None
    settings.ONE_CLICK_KEYS = {"2": "ab" * 32}
    assert refusal_of(link, og_sig=old) == "invalid_og_sig"
