"""The analytics page in a browser: accessibility, and use by keyboard alone."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from oneclick.models import ActionToken, Click, LandingPage, SavedLink
from subscriptions import calendar
from subscriptions.models import Merchant
from tests import factories as f
from tests.browser.axe import find_violations
from tests.browser.conftest import PHONE

DESK = {"viewport": {"width": 1280, "height": 800}}
SCREENS = pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
# Each screen and each scheme once: what is dark does not depend on the width.
LOOKS = pytest.mark.parametrize(("screen", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
OUTCOMES = ["success", "opened", "success", "token_already_used", "fetched", "expired_token", "success"]


@pytest.fixture
def clicks(merchant: Merchant, token: str) -> None:
    """Clicks on each of the last 80 days, every third by a saved link to a landing page."""
    link = SavedLink.objects.create(merchant=merchant, name="Come back for 15 % off", action="reactivate")
    way = {"link": link, "landing_page": LandingPage.objects.get(merchant=merchant)}
    common = {"merchant": merchant, "token": ActionToken.objects.get(), "opens": True}
    Click.objects.bulk_create(
        Click(
            **common,
            **(way if n % 3 == 0 else {}),
            action=["reactivate", "delay", "skip"][n % 3],
            outcome=OUTCOMES[n % 7],
            likely_machine=OUTCOMES[n % 7] == "fetched",
            at=timezone.now() - timedelta(days=n % 80),
        )
        for n in range(400)
    )


@pytest.fixture
def staff(portal: str, merchant: Merchant, visit: Callable[..., Page]) -> Callable[..., Page]:
    """staff(query, **options of the context) opens the page as a member of staff."""

    def before(query: str = "", **options: object) -> Page:
        page = visit(**{**DESK, **options})
        client = Client()
        client.force_login(
            f.MembershipFactory(merchant=merchant).user, backend="django.contrib.auth.backends.ModelBackend"
        )
        page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": portal}])
        page.goto(f"{portal}/admin/numbers/{query}")
        return page

    return before


@pytest.mark.sampled(2)
@LOOKS
@pytest.mark.parametrize("query", ["", "?period=90", "?period=own&first=2026-02-02"], ids=["month", "90", "wrong"])
def test_the_analytics_page_has_no_accessibility_faults(clicks, staff, query, screen, scheme):
    page = staff(query, **screen, color_scheme=scheme)
    page.get_by_text("Each day as a table").click()
    expect(page.get_by_role("region", name="Each day")).to_be_visible()
    assert find_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@LOOKS
def test_the_empty_analytics_page_has_no_accessibility_faults(staff, screen, scheme):
    page = staff(**screen, color_scheme=scheme)
    expect(page.get_by_text("No link was opened in these days.")).to_be_visible()
    assert find_violations(page) == []


@SCREENS
def test_a_long_name_leaves_room_for_its_figures(clicks, staff, merchant, screen):
    SavedLink.objects.update(name="spring_campaign_2026_" + "delay_by_21_days_" * 4)
    LandingPage.objects.update(name="w" * 100)
    page = staff(**screen)
    for table in ("By link", "By landing page"):
        region = page.get_by_role("region", name=table)
        name = region.get_by_role("rowheader").first.bounding_box()
        assert name["width"] < region.bounding_box()["width"] / 2


def test_analytics_can_be_chosen_read_and_downloaded_by_keyboard(clicks, staff):
    page = staff()
    period = page.get_by_label("Period")
    reach(page, period)
    page.keyboard.type("The last 90")
    expect(period).to_have_value("90")
    reach(page, page.get_by_role("button", name="Show"))
    page.keyboard.press("Enter")
    page.wait_for_url("**period=90**")

    reach(page, page.get_by_role("link", name="Download as CSV"))
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".csv")

    reach(page, page.locator("summary", has_text="Each day as a table"))
    page.keyboard.press("Enter")
    table = page.get_by_role("region", name="Each day")
    expect(table.get_by_role("row")).to_have_count(91)
    reach(page, table)
    reach(page, page.get_by_role("region", name="By link"))


def test_custom_days_are_focused_once_they_are_chosen(clicks, staff):
    page = staff()
    first = page.get_by_label("From", exact=True)
    expect(first).to_be_hidden()
    reach(page, page.get_by_label("Period"))
    page.keyboard.type("Chosen")
    expect(first).to_be_visible()
    page.keyboard.press("Tab")
    expect(first).to_be_focused()


def test_the_chart_describes_its_figures_and_each_day(clicks, staff, merchant):
    today = calendar.today(merchant.time_zone)
    chart = staff("?period=90").get_by_role("img", name="opened and")
    expect(chart).to_have_accessible_name(
        "343 opened and 172 acted from "
        f"{today - timedelta(days=89):%B %-d, %Y} to {today:%B %-d, %Y}; "
        "the table below has each day."
    )


def reach(page: Page, target) -> None:
    """Tab until `target` has the focus."""
    for _ in range(100):
        if target.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab does not reach {target}.")
