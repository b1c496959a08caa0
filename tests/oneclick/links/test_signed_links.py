"""Clicks of signed links over HTTP: unchanged links act, changed ones are refused with a message."""

from typing import Any

from oneclick.links import signed_links
from oneclick.models import ActionToken, OneClickSettings, SavedLink
from subscriptions.models import Item
from tests.oneclick.shop import Shop, result_of

GONE = "The product is unavailable or invalid. The product was not added to your order."
NO_DISCOUNT = "The discount associated with your link is invalid. The product was not added to your order."
NOT_ADDED = "The product was not added to your order."


def signed_fields(shop: Shop, action: str = "upsell", **parameters: str) -> dict[str, str]:
    link = SavedLink.objects.create(merchant=shop.merchant, name="Link", action=action, parameters=parameters)
    return {**parameters, "og_link": link.public_id.hex, "og_sig": signed_links.sign_link(link)}


def test_a_link_acts_as_it_was_saved(shop: Shop) -> None:
    fields = signed_fields(shop, og_product_id="HON-1", og_offer_id=shop.offer().public_id.hex)
    assert result_of(shop.post("upsell", shop.order_token(), **fields))[:2] == (200, "success")
    assert Item.objects.filter(product=shop.product).count() == 1


def test_a_changed_product_discount_or_frequency_is_refused_and_leaves_the_token(shop: Shop) -> None:
    offer = shop.offer()
    fields = signed_fields(shop, og_product_id="HON-1")
    token = shop.order_token()
    other = shop.subscriptions[0].product.external_product_id

    def tried(**changed: Any) -> tuple[int, str, str]:
        return result_of(shop.post("upsell", token, **(fields | changed)))

    assert tried(og_product_id=other) == (400, "invalid_og_product_id", GONE)
    assert tried(og_offer_id=offer.public_id.hex) == (400, "invalid_og_offer_id", NO_DISCOUNT)
    assert tried(og_every="1", og_every_period="3")[:2] == (400, "invalid_og_every")
    assert tried(og_sig="x") == (400, "invalid_og_sig", NOT_ADDED)
    assert not Item.objects.filter(product=shop.product).exists()
    assert ActionToken.objects.get(pk=token.pk).state == "ready"
    assert [click.outcome for click in token.clicks.order_by("pk")] == [
        "invalid_og_product_id",
        "invalid_og_offer_id",
        "invalid_og_every",
        "invalid_og_sig",
    ]


def test_the_parameters_of_a_link_are_signed_whatever_their_spelling(shop: Shop) -> None:
    fields = signed_fields(shop, "delay", days="21")
    spelled = {"og_delay_by": "21", "og_link": fields["og_link"], "og_sig": fields["og_sig"]}
    assert result_of(shop.post("delay", shop.order_token(), **spelled))[:2] == (200, "success")


def test_an_unsigned_link_is_refused_where_signatures_are_required(shop: Shop) -> None:
    OneClickSettings.objects.update(require_signed_links=True)
    assert result_of(shop.post("upsell", shop.order_token(), og_product_id="HON-1")) == (
        400,
        "missing_og_sig",
        NOT_ADDED,
    )
    fields = signed_fields(shop, og_product_id="HON-1")
    assert result_of(shop.post("upsell", shop.order_token(), **fields))[:2] == (200, "success")


def test_a_visit_counts_for_its_link_however_the_links_id_is_spelled(shop: Shop) -> None:
    link = SavedLink.objects.create(merchant=shop.merchant, name="Link", action="delay")
    spellings = [link.public_id.hex, str(link.public_id), link.public_id.hex.upper()]
    for spelling in spellings:
        assert result_of(shop.post("delay", shop.order_token(), og_link=spelling, og_sig="x"))[1] == "invalid_og_sig"
    assert link.clicks.count() == len(spellings)
