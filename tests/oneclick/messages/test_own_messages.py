"""Staff write a merchant's own messages; customers read them at once."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils.html import escape

from common.web.placeholders import fill_placeholders
from oneclick.messages import message_previews
from oneclick.models import MessageText
from subscriptions.models import Customer, Merchant, Product
from tests.factories import MerchantFactory
from tests.oneclick.shop import Shop, result_of

TEXTS = "/admin/oneclick/messagetext/"


@pytest.fixture
def save(staff: Client) -> Callable[..., str]:
    """Saves a text; returns the page that follows."""

    def run(text: str, message: str = "delay.other", locale: str = "es-MX", path: str = "add/") -> str:
        fields = {"locale": locale, "message": message, "text": text}
        return staff.post(TEXTS + path, fields, follow=True).content.decode()

    return run


def test_a_saved_message_reaches_customers_at_once(shop: Shop, save: Callable[..., str]) -> None:
    Customer.objects.update(locale="es-mx")
    assert result_of(shop.post("delay", shop.order_token(), days=0))[2] == "Su suscripción no se ha reactivado."
    page = save("No se pudo.")
    assert "No se pudo." in page and "Your wording" in page
    row = MessageText.objects.get()
    assert (row.merchant, row.locale, row.table, row.code, row.text) == (
        shop.merchant,
        "es-mx",
        "delay",
        "other",
        "No se pudo.",
    )
    assert result_of(shop.post("delay", shop.order_token(), days=0))[2] == "No se pudo."
    save("Otra vez no.", path=f"{row.pk}/change/")
    assert result_of(shop.post("delay", shop.order_token(), days=0))[2] == "Otra vez no."


def test_every_message_is_listed_in_each_language(shop: Shop, staff: Client) -> None:
    for language in ("en", "es", "fr", "de"):
        page = staff.get(f"{TEXTS}?locale={language}").content.decode()
        for table, texts in message_previews.ALL_MESSAGES.items():
            for code in texts:
                filled = fill_placeholders(
                    message_previews.default_message_for(shop.merchant, table, code, language),
                    message_previews.sample_facts(shop.merchant, language),
                )
                assert escape(filled) in page
    assert TEXTS + "add/?locale=de&amp;message=skip.success_last" in page


def test_the_list_of_messages_is_in_the_merchants_language_by_default(shop: Shop, staff: Client) -> None:
    Merchant.objects.update(locale="fr-fr")
    for query in ("", "?locale=xx"):
        assert "Votre commande n’a pas été sautée." in staff.get(TEXTS + query).content.decode()


def test_a_deleted_message_brings_the_default_back(shop: Shop, save: Callable[..., str], staff: Client) -> None:
    save("Nope.", locale="en")
    staff.post(f"{TEXTS}{MessageText.objects.get().pk}/delete/", {"post": "yes"})
    answer = shop.post("delay", shop.order_token(), days=0)
    assert result_of(answer)[2] == "Your subscription was not reactivated."


def test_the_preview_is_formatted_in_the_customers_language(save: Callable[..., str], staff: Client) -> None:
    save("Neu: {date}", message="delay.success", locale="de")
    page = staff.get(f"{TEXTS}{MessageText.objects.get().pk}/change/").content.decode()
    assert "Neu: 4. Dezember 2026" in page
    assert "Ihre Bestellung wurde verschoben. Ihr neuer Termin ist der {date}." in page
    assert "staff/message_preview.js" in page


def test_amounts_have_their_unit_in_the_customers_language(shop: Shop, staff: Client) -> None:
    page = staff.get(f"{TEXTS}?locale=en").content.decode()
    assert "Delay your order by 14 days?" in page
    assert "Quantity: 1, every 2 weeks." in page


def test_an_unknown_placeholder_is_refused(save: Callable[..., str]) -> None:
    page = save("Hi {name}", message="delay.success")
    assert "{name} is not filled in here. This message may use: {date}." in page
    assert not MessageText.objects.exists()


@pytest.mark.parametrize("locale", ["", "español", "e", "es_", "x" * 17, "../es", "xx", "es-zz"])
def test_an_invalid_locale_is_refused(save: Callable[..., str], locale: str) -> None:
    save("Text", locale=locale)
    assert not MessageText.objects.exists()


def test_a_message_has_one_text_per_locale(save: Callable[..., str]) -> None:
    save("One")
    assert "You already have your own wording of this message in es-mx. Edit that one." in save("Two")
    assert MessageText.objects.get().text == "One"
    save("Other", message="skip.other")
    other = MessageText.objects.get(table="skip")
    assert "Edit that one." in save("Two", path=f"{other.pk}/change/")
    save("One more", path=f"{MessageText.objects.get(table='delay').pk}/change/")
    assert set(MessageText.objects.values_list("text", flat=True)) == {"One more", "Other"}


@pytest.mark.parametrize("message", ["", "delay", "delay.nothing", "nothing.other", "\0"])
def test_an_unknown_message_is_refused(save: Callable[..., str], message: str) -> None:
    page = save("Text", message=message)
    assert "Select a valid choice." in page or "This field is required." in page
    assert not MessageText.objects.exists()


def test_a_new_text_of_a_locale_starts_from_the_current_message(
    shop: Shop, save: Callable[..., str], staff: Client
) -> None:
    add = f"{TEXTS}add/?locale=es-mx&message=delay.other"
    assert staff.get(add).context["adminform"].form["text"].value() == "Su suscripción no se ha reactivado."
    save("No se pudo.", locale="es")
    assert staff.get(add).context["adminform"].form["text"].value() == "No se pudo."


def test_a_long_message_does_not_keep_clicks_from_acting(shop: Shop, save: Callable[..., str]) -> None:
    Product.objects.update(name="x" * 255)
    save("{product_name} " * 30, message="product_upsell.success", locale="en")
    fields = {"og_product_id": Product.objects.first().external_product_id}
    token = shop.order_token()
    first = result_of(shop.post("upsell", token, **fields))
    assert first == (200, "success", " ".join(["x" * 255] * 30)[:1000])
    assert result_of(shop.post("upsell", token, **fields)) == first


def test_other_merchants_may_have_the_same_text(shop: Shop, save: Callable[..., str]) -> None:
    MessageText.objects.create(merchant=MerchantFactory(), locale="es-mx", table="delay", code="other", text="Theirs")
    save("Ours")
    assert MessageText.objects.get(merchant=shop.merchant).text == "Ours"
