"""What the client makes of events and of answers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.utils import timezone

from integrations import http
from integrations.base import Answer, Outcome
from integrations.klaviyo import bodies
from integrations.klaviyo.bodies import STATUS_PROPERTY, Profile
from integrations.klaviyo.integration import Klaviyo, one_click_of, status_of
from integrations.models import SandboxEvent, SandboxProfile
from oneclick.tokens import issuing
from subscriptions.events import catalogue
from subscriptions.events.catalogue import KINDS
from subscriptions.models import Event
from tests.factories import ConnectionFactory, ItemFactory, MerchantFactory
from tests.integrations.events import delivery_of, event_of, sandbox_connection

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def attributes_of(event: Event, now: datetime | None = None) -> dict:
    body = bodies.create_event(
        event,
        Profile.of(event),
        status=status_of(event),
        given=one_click_of(event),
        now=now or event.at,
    )
    return body["data"]["attributes"]


@pytest.fixture
def answering(monkeypatch) -> Callable[..., list[httpx.Request]]:
    """Make the door give this answer, or raise this error; returns the requests that came."""

    def install(answer: httpx.Response | Exception) -> list[httpx.Request]:
        requests: list[httpx.Request] = []

        def handle(request: httpx.Request) -> httpx.Response:
            requests.append(request)
            if isinstance(answer, Exception):
                raise answer
            stream = httpx.ByteStream(answer.content)  # the door reads answers as they come in
            return httpx.Response(answer.status_code, headers=answer.headers, stream=stream)

        monkeypatch.setattr(http, "transport", lambda: httpx.MockTransport(handle))
        return requests

    return install


@pytest.fixture
def delivery(db):
    event = event_of(catalogue.SUBSCRIPTION_CANCEL)
    return delivery_of(event, ConnectionFactory(merchant=event.merchant, secret="pk_secret"))


@pytest.mark.django_db
def test_an_event_becomes_the_body_klaviyo_asks_for():
    item = ItemFactory(order__customer__email="ana@shop.test", order__customer__phone_number="+15013299800")
    event = event_of(catalogue.SUBSCRIPTION_CANCEL, item, at=NOON)
    assert attributes_of(event) == {
        "properties": {**event.payload, "action_token": issuing.text_of(event.action_tokens.get())},
        "time": "2026-11-20T12:00:00.000Z",
        "unique_id": event.public_id.hex,
        "metric": {"data": {"type": "metric", "attributes": {"name": "ordergroove.subscription.cancel"}}},
        "profile": {
            "data": {
                "type": "profile",
                "attributes": {
                    "email": "ana@shop.test",
                    "phone_number": "+15013299800",
                    "first_name": "Ana",
                    "last_name": "Ruiz",
                },
            }
        },
    }


@pytest.mark.django_db
def test_the_action_token_is_there_for_exactly_the_kinds_that_carry_one():
    item = ItemFactory()
    carriers = {kind for kind in KINDS if "action_token" in attributes_of(event_of(kind, item))["properties"]}
    assert carriers == {
        "ordergroove.subscription.create",
        "ordergroove.subscription.cancel",
        "ordergroove.order.reminder",
    }


@pytest.mark.django_db
def test_the_status_goes_with_exactly_the_five_kinds_that_set_it():
    item = ItemFactory()
    profiles = {kind: attributes_of(event_of(kind, item))["profile"]["data"]["attributes"] for kind in KINDS}
    assert {kind for kind, profile in profiles.items() if "properties" in profile} == {
        "ordergroove.subscriber.create",
        "ordergroove.subscriber.cancel",
        "ordergroove.subscriber.subscriptions_created",
        "ordergroove.subscription.create",
        "ordergroove.subscription.reactivate",
    }


@pytest.mark.django_db
def test_the_status_is_the_customers_at_the_moment_of_sending():
    item = ItemFactory()
    event = event_of(catalogue.SUBSCRIBER_CANCEL, item)
    statuses = []
    for cancelled in (None, timezone.now()):
        item.subscription.cancelled = cancelled
        item.subscription.save()
        statuses.append(attributes_of(event)["profile"]["data"]["attributes"]["properties"])
    assert statuses == [{STATUS_PROPERTY: "active"}, {STATUS_PROPERTY: "inactive"}]


@pytest.mark.django_db
def test_only_a_placed_order_has_a_value():
    item = ItemFactory(order__total="25.50", order__sub_total="25.50", order__currency_code="USD")
    valued = {
        kind: (found["value"], found["value_currency"])
        for kind in KINDS
        if "value" in (found := attributes_of(event_of(kind, item)))
    }
    assert valued == {"ordergroove.order.success": (25.5, "USD")}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("phone", "region", "sent"),
    [
        ("(501) 329-9800", "US", "+15013299800"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("+44 20 7946 0018", "US", "+442079460018"),
        ("12345", "US", None),
        ("call me", "US", None),
        (None, "US", None),
    ],
)
def test_a_phone_number_is_sent_in_e164_or_not_at_all(phone, region, sent):
    event = event_of(catalogue.ORDER_CANCEL, phone_number=phone, country_code=region)
    assert attributes_of(event)["profile"]["data"]["attributes"].get("phone_number") == sent


@pytest.mark.django_db
def test_the_merchants_country_is_the_region_of_a_recipient_without_one():
    item = ItemFactory(order__customer__merchant__country_code="GB")
    event = event_of(catalogue.ORDER_CANCEL, item, phone_number="020 7946 0018", country_code=None)
    assert Profile.of(event).phone_number == "+442079460018"


@pytest.mark.django_db
def test_the_email_is_trimmed_lower_cased_and_the_one_of_the_event():
    item = ItemFactory(order__customer__email="old@shop.test")
    event = event_of(catalogue.ORDER_CANCEL, item, email="  Old@Shop.TEST ")
    item.order.customer.email = "new@shop.test"
    item.order.customer.save()
    assert attributes_of(event)["profile"]["data"]["attributes"]["email"] == "old@shop.test"


@pytest.mark.django_db
def test_a_recipient_without_email_and_phone_is_skipped_and_nothing_is_sent(answering):
    requests = answering(httpx.Response(202))
    event = event_of(catalogue.ORDER_CANCEL, email="not an address", phone_number="12")
    answer = Klaviyo().send(delivery_of(event, ConnectionFactory(merchant=event.merchant)))
    assert (answer.outcome, answer.detail, requests) == (
        Outcome.SKIPPED,
        "The customer has no valid e-mail address or phone number.",
        [],
    )


STILL_TRUE = {
    "ordergroove.order.reminder",
    "ordergroove.order.reject",
    "order.retryable_placement_failure",
    "ordergroove.order.credit_card_expiration_warning",
    "ordergroove.item.out_of_stock",
}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS)
def test_an_old_event_counts_as_of_now_only_if_it_is_still_true(kind):
    now = NOON + timedelta(hours=3, minutes=31)
    found = attributes_of(event_of(kind, at=NOON), now=now)
    times = (found["time"], found["properties"].get("occurred_at"))
    if kind in STILL_TRUE:
        assert times == ("2026-11-20T15:31:00.000Z", "2026-11-20T12:00:00.000Z")
    else:
        assert times == ("2026-11-20T12:00:00.000Z", None)


@pytest.mark.django_db
def test_an_event_of_less_than_three_and_a_half_hours_keeps_its_time():
    found = attributes_of(event_of(catalogue.ORDER_REMINDER, at=NOON), now=NOON + timedelta(hours=3, minutes=30))
    assert (found["time"], "occurred_at" in found["properties"]) == ("2026-11-20T12:00:00.000Z", False)


def test_nan_is_never_sent():
    with pytest.raises(ValueError):
        bodies.encode({"value": float("nan")})


def test_the_request_has_exactly_the_headers_klaviyo_asks_for(answering, delivery):
    requests = answering(httpx.Response(202))
    Klaviyo().send(delivery)
    [request] = requests
    assert (request.method, str(request.url)) == ("POST", "https://a.klaviyo.com/api/events")
    wanted = {
        "Authorization": "Klaviyo-API-Key pk_secret",
        "revision": "2026-07-15",
        "Content-Type": "application/vnd.api+json",
        "Accept": "application/vnd.api+json",
        "X-Klaviyo-Revision-Fall-Forward-Opt-Out": "1",
    }
    assert {name: request.headers[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (202, Outcome.DONE),
        (429, Outcome.THROTTLED),
        *((status, Outcome.RETRY) for status in (500, 502, 503, 504, 524)),
        *((status, Outcome.DEAD) for status in (400, 404, 405, 409, 413, 415, 422)),
        *((status, Outcome.PAUSE) for status in (200, 302, 401, 403, 410)),
    ],
)
def test_each_status_has_its_meaning(answering, delivery, status, outcome):
    answering(httpx.Response(status))
    answer = Klaviyo().send(delivery)
    assert (answer.outcome, answer.status) == (outcome, status)


def test_a_throttled_answer_says_how_long_to_wait(answering, delivery):
    answering(httpx.Response(429, headers={"Retry-After": "7"}))
    assert Klaviyo().send(delivery).retry_after == 7


def test_a_refusal_keeps_klaviyos_words_its_pointer_and_its_id(answering, delivery):
    error = {
        "id": "e1",
        "status": 400,
        "detail": "Invalid email.",
        "source": {"pointer": "/data/attributes/profile"},
    }
    answering(httpx.Response(400, json={"errors": [error]}))
    assert Klaviyo().send(delivery).detail == "Invalid email. (/data/attributes/profile) [e1]"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"errors": 5}', b'{"errors": ["x"]}', b"\xff"])
def test_a_refusal_without_klaviyos_words_is_told_by_its_status(answering, delivery, body):
    answering(httpx.Response(503, content=body))
    assert Klaviyo().send(delivery).detail == "HTTP 503, with no reason of Klaviyo's."


@pytest.mark.parametrize("error", [httpx.ReadTimeout(""), httpx.ConnectError(""), httpx.RemoteProtocolError("")])
def test_no_answer_is_a_temporary_fault(answering, delivery, error):
    answering(error)
    answer = Klaviyo().send(delivery)
    assert (answer.outcome, answer.status) == (Outcome.RETRY, None)


def test_an_address_that_may_not_be_called_pauses_the_connection(delivery):
    delivery.connection.base_url = "https://10.0.0.1"
    answer = Klaviyo().send(delivery)
    assert (answer.outcome, "private address" in answer.detail) == (Outcome.PAUSE, True)


@pytest.mark.parametrize("secret", ["pk_\u2026", "pk_a\nb: c"])
def test_a_key_no_header_can_hold_pauses_the_connection(delivery, secret):
    delivery.connection.secret = secret
    delivery.connection.base_url = "https://93.184.216.34"
    assert Klaviyo().send(delivery).outcome is Outcome.PAUSE


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "remark"),
    [
        ({"phone_number": "12"}, "The phone number is not valid and was left out."),
        ({"email": "nobody"}, "The e-mail address is not valid and was left out."),
        ({"email": "a@example.com"}, "Klaviyo drops events of example.com and test.com addresses."),
    ],
)
def test_staff_are_told_what_is_odd_about_an_accepted_event(answering, changes, remark):
    answering(httpx.Response(202))
    event = event_of(catalogue.ORDER_CANCEL, **changes)
    assert Klaviyo().send(delivery_of(event, ConnectionFactory(merchant=event.merchant))).detail == remark


@pytest.mark.django_db
def test_staff_are_told_of_an_event_that_comes_too_late_for_a_flow(answering):
    answering(httpx.Response(202))
    event = event_of(catalogue.ORDER_CANCEL, at=timezone.now() - timedelta(hours=4))
    answer = Klaviyo().send(delivery_of(event, ConnectionFactory(merchant=event.merchant)))
    assert answer.detail == "Late: more than 3.5 hours old, it may start no flow."


@pytest.mark.django_db(transaction=True)
def test_an_event_arrives_in_the_sandbox_over_the_wire_once(settings, live_server):
    settings.PUBLIC_URL = live_server.url
    event = event_of(catalogue.SUBSCRIPTION_REACTIVATE)
    delivery = delivery_of(event, sandbox_connection(event.merchant))
    answers = [Klaviyo().send(delivery) for _ in range(2)]
    assert answers == [Answer(Outcome.DONE, 202)] * 2
    kept, profile = SandboxEvent.objects.get(), SandboxProfile.objects.get()
    assert (kept.merchant, kept.metric, kept.unique_id) == (event.merchant, event.kind, event.public_id.hex)
    assert kept.properties == event.payload
    assert (profile.email, profile.properties) == (event.customer.email, {STATUS_PROPERTY: "active"})


@pytest.mark.django_db(transaction=True)
def test_a_merchant_that_is_no_test_merchant_cannot_reach_the_sandbox(settings, live_server):
    settings.PUBLIC_URL = live_server.url
    event = event_of(
        catalogue.SUBSCRIPTION_REACTIVATE,
        ItemFactory(order__customer__merchant=MerchantFactory(is_test=False)),
    )
    answer = Klaviyo().send(delivery_of(event, sandbox_connection(event.merchant)))
    assert (answer.outcome, answer.detail) == (Outcome.PAUSE, "The address must begin with https://.")
    assert not SandboxEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_connection_test_shows_whose_account_the_key_opens(settings, live_server):
    settings.PUBLIC_URL = live_server.url
    connection = sandbox_connection(MerchantFactory(name="Bean House"))
    answer = Klaviyo().test(connection)
    assert (answer.outcome, answer.detail[:12], answer.detail[-14:]) == (
        Outcome.DONE,
        "Bean House (",
        "a test account",
    )
    connection.secret += "0"
    assert Klaviyo().test(connection).outcome is Outcome.PAUSE
