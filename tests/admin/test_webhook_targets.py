"""Webhook targets on the pages of connections, and their replays."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from integrations.models import Connection, Delivery, WebhookTarget
from integrations.webhooks import signing_keys, targets
from subscriptions.actions import subscription as subscriptions
from subscriptions.models import Merchant
from tests import factories as f
from tests.admin.pages import fill
from tests.integrations.webhooks.target_server import Reply, running_target

Login = Callable[..., Client]
ADD = "/admin/integrations/connection/add/?integration=webhook"
URL = "https://93.184.216.34/hook"
NEW = {"name": "Warehouse", "base_url": URL, "enabled": "on", "types": ["order.reminder", "order.create"]}

pytestmark = pytest.mark.usefixtures("noon")


@pytest.fixture
def merchant(db: None) -> Merchant:
    made: Merchant = f.MerchantFactory()
    return made


@pytest.fixture
def client(merchant: Merchant, login: Login) -> Client:
    return login(merchant)


@pytest.fixture
def target(merchant: Merchant) -> Connection:
    return targets.create_target(merchant, URL, name="Warehouse", pattern="subscription.*")


def page_of(connection: Connection, page: str = "change") -> str:
    return f"/admin/integrations/connection/{connection.pk}/{page}/"


def last_message(answer: Any) -> str:
    *_, message = get_messages(answer.wsgi_request)
    return f"{message.level_tag}: {message}"


def test_a_target_is_added_and_changed(merchant: Merchant, client: Client) -> None:
    assert client.post(ADD, NEW | {"snapshots": ["customer"]}).status_code == 302
    connection = Connection.objects.get()
    assert (connection.merchant, connection.integration, connection.base_url) == (merchant, "webhook", URL)
    settings = WebhookTarget.objects.get()
    assert (settings.pattern, settings.snapshots) == ("order.reminder|order.create", ["customer"])
    assert fill(client, page_of(connection), name="Depot", types=["item.create"], enabled="") == ""
    connection.refresh_from_db()
    settings.refresh_from_db()
    assert (connection.name, connection.enabled, settings.pattern) == ("Depot", False, "item.create")
    assert len(connection.secret) == 64


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"base_url": "https://10.0.0.1/"}, "private address"),
        ({"base_url": ""}, "required"),
        ({"types": ["nothing"]}, "valid choice"),
    ],
)
def test_a_wrong_target_is_refused(client: Client, changed: dict[str, Any], error: str) -> None:
    answer = client.post(ADD, NEW | changed)
    assert error in str(answer.context["adminform"].form.errors)
    assert not Connection.objects.exists()


def test_an_eleventh_target_is_refused(merchant: Merchant, client: Client) -> None:
    for _ in range(10):
        targets.create_target(merchant, URL)
    answer = client.post(ADD, NEW)
    assert "There are 10 webhook targets already" in str(answer.context["adminform"].form.errors)


def test_the_key_is_shown_once_and_rotated_once_a_day(client: Client, target: Connection) -> None:
    assert target.secret + "" in client.post(page_of(target, "show-key")).text
    assert target.secret + "" not in client.post(page_of(target, "show-key"), follow=True).text
    page = client.post(page_of(target, "rotate-signing-key")).text
    old = target.secret + ""
    target.refresh_from_db()
    assert (target.secret + "" in page, target.secret != old) == (True, True)
    assert "Nov. 21, 2026" in page
    assert client.post(page_of(target, "rotate-signing-key")).status_code == 302
    assert "with the old key, too" in client.get(page_of(target)).text
    assert old not in client.get(page_of(target)).text
    assert signing_keys.rotate_signing_key(Connection.objects.get())[0] is None


def test_a_test_event_shows_what_the_target_answers(client: Client, target: Connection, settings: Any) -> None:
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True
    with running_target(lambda number: Reply(204 if number == 1 else 400, b"" if number == 1 else b"no")) as server:
        Connection.objects.update(base_url=server.url)
        send = [client.post(page_of(target, "send-sample"), {"webhook_type": "order.reminder"}) for _ in range(2)]
    sent = "order.reminder was sent to Warehouse."
    assert [last_message(answer) for answer in send] == [f"success: {sent} HTTP 204.", f"error: {sent} HTTP 400: no"]


def test_one_delivery_and_a_time_are_replayed(client: Client, target: Connection, merchant: Merchant) -> None:
    row = f.subscription_with_order(customer__merchant=Merchant.objects.get())
    subscriptions.change_quantity(row, quantity=7, actor=f.STAFF)
    Delivery.objects.update(state="done", finished=timezone.now())
    first = Delivery.objects.get()
    answer = client.post(f"/admin/integrations/delivery/{first.pk}/replay/")
    again = Delivery.objects.get(is_replay=True)
    assert answer["Location"].endswith(f"/delivery/{again.pk}/change/")
    assert (again.event, again.body) == (first.event, first.body)
    Delivery.objects.update(state="done")
    times = {"start": "2026-11-20T11:59", "end": "2026-11-20T12:01"}
    replayed = client.post(page_of(target, "replay-time"), times)
    assert last_message(replayed) == "success: 1 event on the way again, with the same IDs."
    assert Delivery.objects.filter(is_replay=True).count() == 2
    first.attempts_made, first.state = 2, "done"
    first.save()
    assert client.get(page_of(target)).context["after_retries"] == 1


def test_a_removed_target_is_gone(client: Client, target: Connection) -> None:
    assert client.post(page_of(target, "remove-target")).status_code == 302
    assert client.get(page_of(target)).status_code == 302
    assert Connection.objects.get().removed_at == timezone.now()


@pytest.mark.parametrize("role", ["support", "read_only"])
def test_others_may_not_touch_a_target(merchant: Merchant, login: Login, target: Connection, role: str) -> None:
    client = login(merchant, role=role)
    for page in ("show-key", "rotate-signing-key", "send-sample", "replay-time", "remove-target"):
        assert client.post(page_of(target, page)).status_code == 403
    assert not WebhookTarget.objects.get().secret_shown
