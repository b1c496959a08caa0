"""Every page of the staff's menu, and the pages behind it, in a browser: accessible, readable, and never too wide.

The names are as long as names get and have no blank at which a line could break.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from config.site import NAVIGATION
from integrations.models import Connection, GladlyRequest
from subscriptions.models import Customer, ImportRun, Merchant, OfferProfile, Payment, Product, ProductGroup
from tests import factories as f
from tests.admin.conftest import World, make_world
from tests.admin.test_tenants import ADMINS
from tests.browser.axe import find_violations
from tests.browser.conftest import PATIENCE, PERSON
from tests.scale import draw

pytestmark = pytest.mark.slow

NAME = "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewissenhaft"
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
SETTLED = "() => !document.documentElement.hasAttribute('x-cloak')"
# What reaches beyond the window, except inside a region that scrolls by itself.
TOO_WIDE = """
    () => {
        const width = document.documentElement.clientWidth;
        const fits = (node) => node.getBoundingClientRect().right <= width + 1;
        const scrolls = (node) => node && ((/auto|scroll/.test(getComputedStyle(node).overflowX) && fits(node))
            || scrolls(node.parentElement));
        const beyond = [...document.querySelectorAll("#main :is(a, button, input, select, p, h2)")].filter((node) =>
            node.checkVisibility({ visibilityProperty: true }) && !fits(node) && !scrolls(node.parentElement));
        const page = document.documentElement.scrollWidth;
        return [...(page > width ? [`The page is ${page} wide.`] : []), ...beyond.map((node) => node.outerHTML)];
    }
"""


@pytest.fixture
def world(portal: str) -> World:
    """A merchant with a row of everything, each with the longest name; the customer has a clock of their own."""
    world = make_world(NAME)
    Merchant.objects.filter(pk=world.merchant.pk).update(is_test=True)
    customer = world.rows[Customer]
    Customer.objects.filter(pk=customer.pk).update(
        is_test=True, last_name=NAME[:60], clock=timezone.now() + timedelta(days=14)
    )
    Payment.objects.filter(customer=customer).update(live=True)
    return world


@pytest.fixture
def staff(browser: Browser, portal: str, world: World) -> Iterator[Page]:
    """A page of the merchant's owner."""
    client = Client()
    user = f.MembershipFactory(merchant=world.merchant, role="owner").user
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    context = browser.new_context(user_agent=PERSON, viewport=DESK, reduced_motion="reduce")
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": portal}])
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    yield page
    context.close()
    cache.clear()


def find_faults(page: Page, address: str) -> list[str]:
    """What is wrong with the page at a desk in light colours, and on a phone in dark ones."""
    answer = page.goto(address)
    assert answer and answer.status == 200, address
    return find_faults_of_shown(page)


def find_faults_of_shown(page: Page) -> list[str]:
    page.wait_for_function(SETTLED)
    faults = [f"desk: {fault}" for fault in [*find_violations(page), *page.evaluate(TOO_WIDE)]]
    page.evaluate("document.documentElement.classList.add('dark')")
    page.set_viewport_size(PHONE)
    faults += [f"dark phone: {fault}" for fault in [*find_violations(page), *page.evaluate(TOO_WIDE)]]
    page.evaluate("document.documentElement.classList.remove('dark')")
    page.set_viewport_size(DESK)
    return faults


def find_faults_at_a_desk(page: Page, address: str) -> list[str]:
    """What is wrong with the page at a desk, and whether it fits a phone: what differs there is seen on the menu's."""
    answer = page.goto(address)
    assert answer and answer.status == 200, address
    page.wait_for_function(SETTLED)
    faults = [f"desk: {fault}" for fault in [*find_violations(page), *page.evaluate(TOO_WIDE)]]
    page.set_viewport_size(PHONE)
    faults += [f"phone: {fault}" for fault in page.evaluate(TOO_WIDE)]
    page.set_viewport_size(DESK)
    return faults


def list_faults(page: Page, portal: str, addresses: list[str], find: Callable[[Page, str], list[str]]) -> str:
    """Each fault on a line of its own."""
    found = [(address, fault) for address in addresses for fault in find(page, f"{portal}{address}")]
    return "\n".join(f"{address} {fault[:300]}" for address, fault in found)


def make_busy_gladly(world: World) -> int:
    """The key of a Gladly connection that was asked and refused, with the longest texts."""
    gladly = Connection.objects.get(merchant=world.merchant, integration="gladly")
    Connection.objects.filter(pk=gladly.pk).update(enabled=True, base_url="https://acme.gladly.com/api/v1")
    for outcome in GladlyRequest.Outcome:
        GladlyRequest.objects.create(
            merchant=world.merchant,
            connection=gladly,
            kind="cancel",
            outcome=outcome,
            found=f"{NAME} " * 7,
            milliseconds=15_000,
            correlation_id="x" * 64,
        )
    return gladly.pk


def test_every_page_of_the_menu_is_accessible_and_fits(staff: Page, portal: str, world: World) -> None:
    pages = [str(item["link"]) for items in NAVIGATION.values() for item in items]
    assert list_faults(staff, portal, draw(pages, one_in=3), find_faults) == ""


def test_every_page_behind_the_menu_is_accessible_and_fits(staff: Page, portal: str, world: World) -> None:
    pages = []
    for one in ADMINS:
        base = f"/admin/{one.opts.app_label}/{one.opts.model_name}"
        pages.append(f"{base}/{world.rows[one.model].pk}/change/")
        if one.addable and one.edit_right:
            pages.append(f"{base}/add/")
    pages.append(f"/admin/subscriptions/product/{world.rows[Product].pk}/discontinue/")
    pages.append(f"/admin/integrations/connection/{world.rows[Connection].pk}/backfill/")
    pages.append(f"/admin/integrations/connection/{make_busy_gladly(world)}/change/")
    pages.append(f"/admin/subscriptions/offerprofile/{world.rows[OfferProfile].pk}/edit/")
    pages.append(f"/admin/subscriptions/productgroup/{world.rows[ProductGroup].pk}/members/")
    pages.append("/admin/subscriptions/importrun/upload/")
    pages.append(f"/admin/subscriptions/importrun/{world.rows[ImportRun].pk}/match/")
    pages.append("/admin/subscriptions/apikey/add/")
    assert list_faults(staff, portal, draw(pages, one_in=3), find_faults_at_a_desk) == ""


def test_a_secret_is_shown_once_on_a_page_that_is_accessible_and_fits(staff: Page, portal: str) -> None:
    staff.goto(f"{portal}/admin/subscriptions/apikey/add/")
    staff.get_by_label("Name").fill(NAME)
    staff.get_by_label("Read: ").check()
    staff.get_by_role("button", name="Save", exact=True).click()
    expect(staff.get_by_text("rpk_")).to_be_visible()
    assert find_faults_of_shown(staff) == []


def test_finding_and_changing_many_rows_is_accessible_and_fits(staff: Page, portal: str, world: World) -> None:
    assert find_faults(staff, f"{portal}/admin/find/?q={NAME[:12]}") == []
    staff.goto(f"{portal}/admin/subscriptions/order/?tab=upcoming&from=2020-01-01")
    staff.locator("summary", has_text="Save view").click()
    expect(staff.get_by_label("Name of the view")).to_be_visible()
    staff.locator(".action-select").first.check()
    assert find_faults_of_shown(staff) == []
    staff.get_by_role("button", name="Move dates").click()
    expect(staff.get_by_text("1 of 1 order")).to_be_visible()
    assert find_faults_of_shown(staff) == []
