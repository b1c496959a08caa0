"""Every message of the tables, word for word, caused over HTTP."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse

from oneclick.messages import customer_messages, default_messages, own_messages
from oneclick.models import ActionToken, Click, MessageText, OneClickSettings
from subscriptions.models import Customer, Merchant, Order, Product
from tests.oneclick.messages.refusals import ERRORS
from tests.oneclick.shop import Shop

ONCE = {"og_product_id": "HON-1"}
OFTEN = {**ONCE, "og_every": 1, "og_every_period": 3}
REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "delay": ("delay", {}),
    "skip": ("skip", {}),
    "reactivate": ("reactivate", {}),
    "product_upsell": ("upsell", ONCE),
    "subscription_upsell": ("upsell", OFTEN),
}
Cause = Callable[[Shop, str], HttpResponse]


def post_action(shop: Shop, table: str, token: ActionToken | str | None = None, **changed: Any) -> HttpResponse:
    action, fields = REQUESTS[table]
    return shop.post(action, token or usable_token(shop, table), **{**fields, **changed})


def usable_token(shop: Shop, table: str) -> ActionToken:
    return shop.subscription_token() if table == "reactivate" else shop.order_token()


def post_expired(shop: Shop, table: str) -> HttpResponse:
    token = usable_token(shop, table)
    Order.objects.update(place_date="2026-11-20")
    ActionToken.objects.update(expires_at="2026-11-20T05:00:00Z")
    return post_action(shop, table, token)


def post_used(shop: Shop, table: str) -> HttpResponse:
    OneClickSettings.objects.update(replay_seconds=0)
    token = usable_token(shop, table)
    assert post_action(shop, table, token).status_code == 200
    return post_action(shop, table, token)


def post_of_another_context(shop: Shop, table: str) -> HttpResponse:
    return post_action(shop, table, shop.order_token() if table == "reactivate" else shop.subscription_token())


def post_to_closed_order(shop: Shop, table: str) -> HttpResponse:
    token = usable_token(shop, table)
    if table == "reactivate":
        assert post_action(shop, table, token).status_code == 200
        return post_action(shop, table, ActionToken.objects.latest("id"))
    Order.objects.update(locked=True)
    return post_action(shop, table, token)


def post_without(name: str) -> Cause:
    return lambda shop, table: post_action(shop, table, **{name: None})


def post_with(**changed: Any) -> Cause:
    return lambda shop, table: post_action(shop, table, **changed)


def post_discontinued(shop: Shop, table: str) -> HttpResponse:
    token = usable_token(shop, table)
    Product.objects.update(discontinued=True, live=False, autoship_enabled=False)
    return post_action(shop, table, token)


def post_too_often(shop: Shop, table: str) -> HttpResponse:
    token = usable_token(shop, table)
    answers = [post_action(shop, table, token) for _ in range(31)]
    assert answers[-1].status_code == 429
    return answers[-1]


CAUSES: dict[str, Cause] = {
    "invalid_token": lambda shop, table: post_action(shop, table, "forged"),
    "expired_token": post_expired,
    "token_already_used": post_used,
    "token_wrong_context": post_of_another_context,
    "subscription_already_active": post_to_closed_order,
    "missing_og_product_id": post_without("og_product_id"),
    "missing_og_every": post_without("og_every"),
    "missing_og_every_period": post_without("og_every_period"),
    "invalid_og_product_id": post_with(og_product_id="HON-2"),
    "invalid_og_offer_id": post_with(og_offer_id="HALF"),
}
OTHERS: dict[str, Cause] = {
    "delay": post_with(days=0),
    "skip": post_too_often,
    "reactivate": post_discontinued,
    "product_upsell": post_with(og_quantity=0),
    "subscription_upsell": post_with(og_every=0),
}
CORRECTED = [(table, code) for table, texts in default_messages.CORRECTED_MESSAGES.items() for code in texts]


def message_of_refusal(shop: Shop, table: str, code: str) -> str:
    answer = (OTHERS[table] if code == "other" else CAUSES[code])(shop, table)
    body = answer.json()
    assert (body["status"], set(body)) == ("error", {"status", "error", "message"})
    assert code in ("other", body["error"])
    return body["message"]


@pytest.mark.parametrize(("table", "code"), ERRORS)
def test_each_refusal_over_http_has_the_message_of_the_table(shop: Shop, table: str, code: str) -> None:
    assert message_of_refusal(shop, table, code) == default_messages.DEFAULT_MESSAGES[table][code]


@pytest.mark.parametrize(("table", "code"), CORRECTED)
def test_a_merchant_can_choose_the_corrected_messages(shop: Shop, table: str, code: str) -> None:
    OneClickSettings.objects.update(corrected_delay_wording=True)
    if code == "invalid_token":  # A forged token names no merchant; its script does.
        url = f"/one_click/{table}/?merchant={shop.merchant.public_id.hex}"
        assert (
            shop.client.post(url, {"token": "forged"}).json()["message"]
            == default_messages.CORRECTED_MESSAGES[table][code]
        )
    else:
        assert message_of_refusal(shop, table, code) == default_messages.CORRECTED_MESSAGES[table][code]


@pytest.mark.contract
def test_the_messages_are_those_of_the_contract_word_for_word(contracts: Path) -> None:
    described = json.loads((contracts / "one_click_messages.json").read_text())
    corrected, success = described["corrected_wording"], described["success"]
    ours = {
        table: {code: text for code, text in texts.items() if not code.startswith("success")}
        for table, texts in default_messages.DEFAULT_MESSAGES.items()
        if table != "undo"
    }
    assert ours == {name: described[name] for name in REQUESTS if name != "skip"} | {"skip": corrected["skip"]}
    assert {"delay": corrected["delay"]} == default_messages.CORRECTED_MESSAGES
    assert {table: default_messages.DEFAULT_MESSAGES[table]["success"] for table in ours} == success


SUCCESSES = {
    "en": {
        "delay": "Your order was delayed. Its new date is December 15, 2026.",
        "skip": "Your order was skipped. Your next order is planned for December 8, 2026.",
        "reactivate": (
            "Your subscription to House blend is active again. Your next order is planned for November 21, 2026."
        ),
        "product_upsell": "Honey was added to your order for December 1, 2026.",
        "subscription_upsell": "Your subscription to Honey was created. Delivery frequency: Every month.",
    },
    "es": {
        "delay": "Su pedido se ha aplazado. La nueva fecha es el 15 de diciembre de 2026.",
        "skip": "Su pedido se ha omitido. Su próximo pedido está previsto para el 8 de diciembre de 2026.",
        "reactivate": (
            "Su suscripción a House blend vuelve a estar activa. "
            "Su próximo pedido está previsto para el 21 de noviembre de 2026."
        ),
        "product_upsell": "Honey se ha añadido a su pedido del 1 de diciembre de 2026.",
        "subscription_upsell": "Su suscripción a Honey se ha creado. Frecuencia de entrega: Cada mes.",
    },
    "fr": {
        "delay": "Votre commande a été reportée. Sa nouvelle date est le 15 décembre 2026.",
        "skip": "Votre commande a été sautée. Votre prochaine commande est prévue le 8 décembre 2026.",
        "reactivate": (
            "Votre abonnement à House blend est de nouveau actif. "
            "Votre prochaine commande est prévue le 21 novembre 2026."
        ),
        "product_upsell": "Honey a été ajouté à votre commande du 1er décembre 2026.",
        "subscription_upsell": "Votre abonnement à Honey a été créé. Fréquence de livraison : Tous les mois.",
    },
    "de": {
        "delay": "Ihre Bestellung wurde verschoben. Ihr neuer Termin ist der 15. Dezember 2026.",
        "skip": "Ihre Bestellung wurde ausgelassen. Ihre nächste Bestellung ist für den 8. Dezember 2026 geplant.",
        "reactivate": (
            "Ihr Abo für House blend ist wieder aktiv. Ihre nächste Bestellung ist für den 21. November 2026 geplant."
        ),
        "product_upsell": "Honey wurde Ihrer Bestellung für den 1. Dezember 2026 hinzugefügt.",
        "subscription_upsell": "Ihr Abo für Honey wurde angelegt. Lieferrhythmus: Jeden Monat.",
    },
}


@pytest.mark.parametrize(("language", "table"), [(lang, table) for lang, texts in SUCCESSES.items() for table in texts])
def test_a_success_message_is_in_the_customers_language(shop: Shop, language: str, table: str) -> None:
    Customer.objects.update(locale=f"{language}-xx")
    assert post_action(shop, table).json()["message"] == SUCCESSES[language][table]


@pytest.mark.parametrize(
    ("days", "written"), [(10, "11 décembre 2026"), (31, "1er janvier 2027"), (51, "21 janvier 2027")]
)
def test_the_first_of_a_month_is_written_1er_in_french(shop: Shop, days: int, written: str) -> None:
    Customer.objects.update(locale="fr-fr")
    assert post_action(shop, "delay", days=days).json()["message"].endswith(f"est le {written}.")


@pytest.mark.parametrize("table", REQUESTS)
def test_a_replay_has_the_same_message(shop: Shop, table: str) -> None:
    token = usable_token(shop, table)
    first, again = (post_action(shop, table, token).json() for _ in range(2))
    assert again == {**first, "replayed": True}
    assert Click.objects.filter(outcome="success", replayed=True).count() == 1


def message_of_bad_delay(shop: Shop) -> str:
    return post_action(shop, "delay", days=0).json()["message"]


@pytest.mark.parametrize(
    ("customer", "merchant", "text"),
    [
        ("de-at", "es-us", "Ihr Abo wurde nicht reaktiviert."),
        ("DE", "en-us", "Ihr Abo wurde nicht reaktiviert."),
        ("pt-br", "fr", "Votre abonnement n’a pas été réactivé."),
        ("pt-br", "nl", "Your subscription was not reactivated."),
        ("en-gb", "fr", "Your subscription was not reactivated."),
    ],
)
def test_the_customers_locale_comes_first_then_the_merchants_then_english(
    shop: Shop, customer: str, merchant: str, text: str
) -> None:
    Customer.objects.update(locale=customer)
    Merchant.objects.update(locale=merchant)
    assert message_of_bad_delay(shop) == text


@pytest.mark.parametrize(
    ("own", "text"),
    [
        ({"es-mx": "exacto", "es": "idioma"}, "exacto"),
        ({"es": "idioma", "en-us": "ours"}, "idioma"),
        ({"es-us": "otro", "en-us": "ours"}, "Su suscripción no se ha reactivado."),
    ],
)
def test_own_messages_win_by_exact_locale_and_then_by_language(shop: Shop, own: dict[str, str], text: str) -> None:
    Customer.objects.update(locale="es-mx")
    for locale, wording_ in own.items():
        MessageText.objects.create(merchant=shop.merchant, locale=locale, table="delay", code="other", text=wording_)
    assert message_of_bad_delay(shop) == text


def test_own_messages_in_further_languages_are_formatted_in_that_language(shop: Shop) -> None:
    Customer.objects.update(locale="pt-br")
    MessageText.objects.create(
        merchant=shop.merchant, locale="pt", table="delay", code="success", text="Nova data: {date} {x}"
    )
    assert post_action(shop, "delay").json()["message"] == "Nova data: 15 de Dezembro de 2026 {x}"


def test_a_forged_token_gets_the_message_of_the_merchant_whose_script_sent_it(shop: Shop) -> None:
    Merchant.objects.update(locale="fr-fr")
    url = f"/one_click/skip/?merchant={shop.merchant.public_id.hex}"
    answer = shop.client.post(url, {"token": "forged"}).json()
    assert answer["message"] == "Le lien n’est pas valide. Votre commande n’a pas été sautée."


def test_another_merchants_messages_are_not_used(shop: Shop) -> None:
    other = Merchant.objects.create(name="Other", shop_url="https://other.test")
    MessageText.objects.create(merchant=other, locale="en-us", table="delay", code="other", text="Theirs")
    assert message_of_bad_delay(shop) == "Your subscription was not reactivated."


@pytest.mark.parametrize("language", ["es", "fr", "de"])
def test_every_message_is_translated_and_keeps_its_placeholders(language: str) -> None:
    for table, texts in default_messages.DEFAULT_MESSAGES.items():
        for code, text in texts.items():
            translated = customer_messages.default_message(table, code, language, corrected=True)
            assert translated != text
            assert placeholders(translated) == placeholders(
                customer_messages.default_message(table, code, "en", corrected=True)
            )


def placeholders(text: str) -> set[str]:
    return {part.partition("}")[0] for part in text.split("{")[1:]}


def test_own_messages_are_read_at_most_once_a_minute(shop: Shop, django_assert_num_queries) -> None:
    own_messages.get_own_messages(shop.merchant)
    with django_assert_num_queries(0):
        own_messages.get_own_messages(shop.merchant)
    own_messages.forget_own_messages(shop.merchant)
    with django_assert_num_queries(1):
        own_messages.get_own_messages(shop.merchant)
    cache.clear()
