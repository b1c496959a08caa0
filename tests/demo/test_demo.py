import json
import shutil
import stat
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db.models import F, Q
from django.test import override_settings
from django.utils import timezone
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

from demo import loading, merchant_data
from integrations.models import Connection, Delivery
from oneclick.analytics.figures import Selection, click_figures, sum_figures
from oneclick.analytics.roll_up import ACTED
from oneclick.models import ActionToken, Click
from oneclick.tokens.token_text import decode_nonce
from subscriptions import api_keys, calendar
from subscriptions.actors import ActorKind
from subscriptions.events.catalogue import SUBSCRIPTION_REACTIVATE
from subscriptions.figures.business import read_business
from subscriptions.models import (
    Activity,
    Customer,
    Event,
    JobRun,
    Merchant,
    Order,
    OrderStatus,
    PlacementAttempt,
    Product,
    Role,
    Subscription,
)
from subscriptions.staff.periods import last_days
from tests.shared import shared_rows


@pytest.fixture(scope="module")
def loaded(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The folder of a loaded demo. It takes seconds, so the tests share it."""
    made = tmp_path_factory.mktemp("demo")
    with shared_rows(django_db_blocker), override_settings(HOME=made, PUBLIC_URL="http://127.0.0.1:8000"):
        loading.load_demo()
        yield made


@pytest.fixture
def home(settings: Settings, tmp_path: Path) -> Path:
    settings.HOME = tmp_path
    return tmp_path


@pytest.fixture
def merchant(loaded: Path, db: None, home: Path) -> Merchant:
    shutil.copy2(loaded / "demo.json", home)
    return Merchant.objects.get()


def rows() -> dict[str, int]:
    models = (Merchant, Customer, Product, Subscription, Order, Activity, ActionToken, Delivery)
    return {model.__name__: model._default_manager.count() for model in models}


def test_the_demo_is_a_test_merchant_with_everything_to_try(merchant: Merchant) -> None:
    assert merchant.is_test
    assert (merchant.customers.count(), merchant.products.count()) == (300, 40)
    assert merchant.landing_pages.get().is_default
    assert merchant.one_click.shop_origins == [merchant.shop_url]
    assert merchant.cancel_reasons.count() == 10
    user = get_user_model().objects.get()
    assert (user.username, user.is_staff, user.is_superuser) == ("demo", True, True)
    assert user.memberships.get().role == Role.OWNER
    assert Activity.objects.filter(actor_name="Demo").count() == 7
    assert Delivery.objects.count() >= 7


def test_the_demo_has_past_and_upcoming_automation_runs(merchant: Merchant) -> None:
    orders = Counter(Order.objects.exclude(status=OrderStatus.UNSENT).values_list("status", flat=True))
    assert orders.pop(OrderStatus.SUCCESS) > 20
    assert orders == {
        OrderStatus.REJECTED: 2,
        OrderStatus.CREDIT_CARD_RETRY: 1,
        OrderStatus.RESPONSE_PROCESSING_ERROR: 1,
        OrderStatus.GENERIC_ERROR_RESPONSE: 1,
    }
    assert Order.objects.filter(oos_free_shipping=True).count() == 1
    retried = Order.objects.get(status=OrderStatus.CREDIT_CARD_RETRY)
    assert retried.retry_at and retried.retry_at > timezone.now()
    assert PlacementAttempt.objects.filter(effect="").count() == 0
    assert PlacementAttempt.objects.count() == sum(Order.objects.values_list("tries", flat=True))
    today = calendar.today(merchant.time_zone)
    assert not Order.objects.open().filter(place_date__lt=today).exists()
    assert set(JobRun.objects.values_list("state", flat=True)) == {"done", "missed"}


def test_nothing_of_the_demos_past_lies_in_the_future(merchant: Merchant) -> None:
    now = timezone.now()
    dated = [
        *((model, "at") for model in (Activity, Event, Click)),
        *((ActionToken, field) for field in ("issued_at", "used_at", "undone_at")),
        *((PlacementAttempt, field) for field in ("started", "finished")),
        (Order, "tried_at"),
    ]
    ahead = {(model, field): model._default_manager.filter(**{f"{field}__gt": now}).count() for model, field in dated}
    assert ahead == dict.fromkeys(ahead, 0)
    assert not ActionToken.objects.filter(used_at__lt=F("issued_at")).exists()


def test_every_click_of_the_demo_that_acted_has_the_activity_and_event_of_its_action(merchant: Merchant) -> None:
    acted = Click.objects.filter(ACTED).select_related("token__activity")
    assert len(acted) > 25
    assert not acted.filter(token__customer__is_test=True).exists()
    for click in acted:
        activity = click.token.activity
        assert (activity.actor_kind, activity.customer_id) == (ActorKind.LINK, click.token.customer_id)
        assert activity.events.exists()
        assert abs(activity.at - click.at) < timedelta(minutes=1)
    undone = ActionToken.objects.filter(undone_at__isnull=False).count()
    assert Activity.objects.filter(actor_kind=ActorKind.LINK).count() == len(acted) + undone


def test_the_clicks_and_events_of_the_demo_agree(merchant: Merchant) -> None:
    first, today = last_days(calendar.today(merchant.time_zone), 30)
    rows = click_figures(merchant, Selection(first, today, Q(action="reactivate")))
    events = Event.objects.filter(kind=SUBSCRIPTION_REACTIVATE, activity__actor_kind=ActorKind.LINK)
    assert events.count() == sum_figures(rows).acted > 5
    assert sum_figures(click_figures(merchant, Selection(first, today))).orders > 0
    assert sum(read_business(merchant, first, today).recovered.values()) > 0


def test_loading_again_makes_nothing_and_keeps_the_credentials(merchant: Merchant, home: Path) -> None:
    before, kept = rows(), (home / "demo.json").read_text()
    assert loading.load_demo() is False
    assert rows() == before
    assert (home / "demo.json").read_text() == kept
    assert stat.S_IMODE((home / "demo.json").stat().st_mode) == 0o600


def test_the_demo_follows_the_address_of_the_portal(merchant: Merchant, settings: Settings) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:9000"
    loading.load_demo()
    assert Connection.objects.get().base_url == "http://127.0.0.1:9000/sandbox/klaviyo"
    pictures = set(Product.objects.values_list("image_url", flat=True))
    assert all(each.startswith("http://127.0.0.1:9000/static/demo/") for each in pictures)
    files = {each.name for each in (settings.BASE_DIR / "static/demo").iterdir()}
    assert {each.rsplit("/", 1)[1] for each in pictures} == files
    settings.PUBLIC_URL = "http://127.0.0.1:1"  # of a process that is not the portal
    assert loading.describe_demo()["base_url"] == "http://127.0.0.1:9000"


def test_lost_credentials_are_created_again(merchant: Merchant, home: Path) -> None:
    old = loading.describe_demo()
    (home / "demo.json").unlink()
    loading.load_demo()
    new = loading.describe_demo()
    assert api_keys.find_api_key(old["api_key"]) is None
    key = api_keys.find_api_key(new["api_key"])
    assert key is not None
    assert (key.merchant, key.scopes) == (merchant, ["read", "write", "bulk"])
    assert get_user_model().objects.get().check_password(new["admin"]["password"])


def test_each_description_has_a_fresh_token_and_link_of_test_customers(merchant: Merchant) -> None:
    texts = [text for _ in range(2) for text in _tokens(loading.describe_demo())]
    tokens = [ActionToken.objects.get(nonce=decode_nonce(text)) for text in texts]
    assert len({token.pk for token in tokens}) == 6
    assert all(token.state == "ready" and token.customer.is_test for token in tokens)
    assert not any(token.subscription.live for token in tokens if token.subscription)


def _tokens(description: dict[str, dict[str, str]]) -> list[str]:
    return [*description["tokens"].values(), str(description["link"]).rsplit("=", 1)[1]]


def test_the_description_names_rows_that_fit_together(merchant: Merchant) -> None:
    told = loading.describe_demo()
    sample = told["sample"]
    customer = merchant.customers.get(merchant_user_id=sample["customer"])
    live = customer.subscriptions.get(public_id=sample["active_subscription"])
    gone = customer.subscriptions.get(public_id=sample["cancelled_subscription"])
    assert (live.live, gone.live) == (True, False)
    assert live.items.get(upcoming=True).order.public_id.hex == sample["upcoming_order"]
    token = ActionToken.objects.get(nonce=decode_nonce(told["tokens"]["subscription"]))
    assert token.subscription == gone
    order_token = ActionToken.objects.get(nonce=decode_nonce(told["tokens"]["order"]))
    assert order_token.order.public_id.hex == sample["upcoming_order"]
    assert merchant.products.get(external_product_id=sample["product"]).autoship_enabled
    assert merchant.offers.get(public_id=sample["offer"]).usable_in_links
    assert told["link"].startswith(f"{told['landing_url']}#og_quick_action=reactivate#og_quick_action_token=")


def test_demo_json_prints_the_description_and_nothing_else(merchant: Merchant) -> None:
    out = StringIO()
    call_command("demo_json", stdout=out)
    told = json.loads(out.getvalue())
    assert told["merchant"] == {"public_id": merchant.public_id.hex, "name": merchant_data.NAME}
    assert told["sandbox"]["klaviyo_key"] == Connection.objects.get().secret


@pytest.mark.usefixtures("db", "home")
def test_demo_json_says_what_to_do_when_there_is_no_demo() -> None:
    with pytest.raises(CommandError, match="There is no demo yet. The first start of make run creates it"):
        call_command("demo_json")
