"""A person who has never seen Reprise, with the set-up guide alone: to a working link, and to a live shop."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings

from integrations.models import Connection
from onboarding.setup_link import setup_link
from oneclick.models import ActionToken
from oneclick.tokens.token_text import encode_token
from subscriptions.actions.subscription import cancel
from subscriptions.importing.runs import continue_run
from subscriptions.jobs.dispatch import dispatch_orders
from subscriptions.jobs.engine import tick
from subscriptions.models import ImportRun, Merchant, Order, OrderStatus, Subscription
from tests.factories import STAFF
from tests.integrations.receiver import running_receiver
from tests.placement.platform import running_platform

PASSWORD = "four green herons"
NEW = ["--name=Harbour Coffee", "--shop-url=https://harbour.example", "--time-zone=America/New_York"]
NEW += ["--currency=USD", "--country=US", "--language=en-us", "--owner=ana"]
SAMPLES = Path("samples")
# Of each file with its header; the subscriptions are those of the first customers.
ROWS = {"products": 41, "customers": 31, "subscriptions": 16}


def sign_up(page: Page) -> None:
    page.goto(setup_link())
    page.get_by_label("Name of your shop").fill("Harbour Coffee")
    page.get_by_label("Shop address").fill("harbour.example")
    for label, value in {
        "Time zone": "Europe/Berlin",
        "Currency": "EUR",
        "Country": "DE",
        "Language": "de-de",
    }.items():
        page.get_by_label(label).select_option(value)
    page.get_by_label("Your login").fill("ana")
    page.get_by_label("Password", exact=False).first.fill(PASSWORD)
    page.get_by_label("Password confirmation").fill(PASSWORD)
    page.get_by_role("button", name="Create").click()
    page.get_by_role("link", name="Go on with the set-up guide").click()


def log_in(page: Page, portal: str) -> None:
    page.goto(f"{portal}/")
    page.get_by_label("Username").fill("ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


class Step:
    """A step of the guide, found from wherever the person is."""

    def __init__(self, page: Page, title: str) -> None:
        page.get_by_role("link", name=re.compile(r"Set-up guide$")).first.click()
        self.row = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=title))

    def press(self, name: str) -> None:
        self.row.get_by_role("link", name=name).click()

    def is_done(self) -> None:
        expect(self.row.get_by_role("heading")).to_contain_text("Done")

    def says(self, sentence: str) -> None:
        expect(self.row).to_contain_text(sentence)


def import_file(page: Page, kind: str, button: str) -> None:
    page.get_by_role("link", name="Import a file").click()
    page.get_by_label("CSV file with").set_input_files(SAMPLES / f"{kind}.csv")
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("rows checked.")).to_be_visible()
    continue_run(ImportRun.objects.latest("pk").pk)
    page.get_by_role("button", name=button).click()
    expect(page.get_by_text("rows imported.")).to_be_visible()
    continue_run(ImportRun.objects.latest("pk").pk)


def test_from_the_setup_link_to_a_working_link_in_klaviyos_language(page: Page, portal: str) -> None:
    sign_up(page)
    Step(page, "Bring your products").press("Import and export")
    import_file(page, "products", "Import 40 products")
    making = Step(page, "Make a test customer")
    making.press("Make a test customer")
    page.get_by_role("dialog").get_by_role("button", name="Make a test customer").click()
    expect(page.get_by_text("Made the test customer Jamie Sample")).to_be_visible()
    making.is_done()
    Step(page, "Build your first link").press("Build a link")
    page.get_by_text("Reactivate", exact=True).click()
    page.get_by_label("Name", exact=True).fill("Come back")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Come back is saved and signed. Copy it from this page.")).to_be_visible()
    copied = page.locator("[data-url]").inner_text()
    assert "{{ event.action_token }}" in copied

    trying = Step(page, "Try the link")
    trying.says("No test customer has used a link yet.")
    trying.press("Links")
    page.get_by_role("link", name="Come back").click()
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Test link").click()
    expect(opened.value.get_by_role("status")).to_contain_text(re.compile("subscription|Abo", re.IGNORECASE))
    assert not Subscription.objects.exclude(cancelled=None).exists()
    page.bring_to_front()
    Step(page, "Try the link").is_done()

    # What Klaviyo makes of it: the token of the customer's event stands where the tag stood.
    cancel(Subscription.objects.latest("pk"), actor=STAFF)
    token = ActionToken.objects.filter(used_at=None, scope=ActionToken.Scope.SUBSCRIPTION).latest("pk")
    page.goto(copied.replace("{{ event.action_token }}", encode_token(token)))
    expect(page.get_by_role("status")).to_be_visible()


def test_from_create_merchant_to_a_live_shop_with_a_placed_order(
    page: Page, portal: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True
    monkeypatch.setenv("REPRISE_OWNER_PASSWORD", PASSWORD)
    call_command("create_merchant", "--no-input", "--test", *NEW, stdout=StringIO())
    for kind in ("products", "customers", "subscriptions"):
        beginning = (SAMPLES / f"{kind}.csv").read_text().splitlines()[: ROWS[kind]]
        (tmp_path / kind).write_text("\n".join(beginning))
        call_command(f"import_{kind}", str(tmp_path / kind), "--merchant=Harbour Coffee", stdout=StringIO())
    with running_receiver(lambda number, body: (202, {})) as klaviyo, running_platform() as platform:
        log_in(page, portal)
        Step(page, "Bring your customers and subscriptions").is_done()
        connecting = Step(page, "Connect Klaviyo, Attentive or a webhook")
        connecting.says("There is no connection yet")
        connecting.press("Connections")
        page.get_by_role("link", name="Add connection").first.click()
        page.get_by_role("link", name=re.compile("^Klaviyo")).click()
        page.locator("[name=name]").fill("Klaviyo")
        page.locator("[name=secret]").fill("pk_1")
        page.locator("[name=base_url]").fill(klaviyo.url)
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("Klaviyo works: Bean & Co")).to_be_visible()
        Step(page, "Connect Klaviyo").is_done()

        going = Step(page, "Go live")
        going.says("Set under Gateway where orders are posted, and test it.")
        Step(page, "Say where orders are placed").press("Gateway")
        page.locator("[name=url]").fill(platform.url)
        page.get_by_role("button", name="Save", exact=True).click()
        Step(page, "Say where orders are placed").is_done()
        going = Step(page, "Go live")
        going.says("Everything is set. Until you go live, the simulator answers every order.")
        going.press("Go live")
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Name of the merchant").fill("Harbour Coffee")
        dialog.get_by_role("button", name="Go live").click()
        expect(page.get_by_text("Harbour Coffee is live")).to_be_visible()
        expect(page.get_by_text("TEST MODE")).to_have_count(0)
        Step(page, "Place orders every day").is_done()

        order = Order.objects.filter(status=OrderStatus.UNSENT, customer__is_test=False).earliest("pk")
        page.goto(f"{portal}/admin/subscriptions/order/{order.pk}/change/")
        page.get_by_role("link", name="Send now").first.click()
        page.get_by_role("dialog").get_by_role("button", name="Send now").click()
        expect(page.get_by_text("Sent the order now.").first).to_be_visible()
        tick()
        dispatch_orders(order.merchant_id)
        page.reload()
        expect(page.get_by_text("your platform has placed the order.")).to_be_visible()
    assert len(platform.posts) == 1
    assert Connection.objects.get().account == "XyZ123" and not Merchant.objects.get().is_test
