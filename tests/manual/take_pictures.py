"""Takes the pictures of `docs/pictures/`: run by `make pictures`, not by the tests.

The portal has the demo's data. Its clock stands still, the public IDs and keys are the same each time, so a picture
changes only when the page does.
"""

import base64
import json
import os
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random
from urllib.parse import urljoin
from uuid import UUID

import pytest
import time_machine
import uuid_utils.compat
from playwright.sync_api import Page, Route
from pytest_django.fixtures import Settings

from demo import loading
from integrations.sending import courier
from subscriptions.models import Merchant
from tests.browser.conftest import browser, playwright, portal, visit
from tests.manual import shop
from tests.manual.scenes import SCENES

__all__ = ["browser", "playwright", "portal", "visit"]

PICTURES = Path("docs/pictures")
NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)  # in New York
WIDTH = 1280
ADDRESS = "https://portal.example.com"  # what the pages name; the server's port differs each time
SETTLED = "() => !document.documentElement.hasAttribute('x-cloak') && document.fonts.status === 'loaded'"
QUALITY = 82  # of WebP: letters stay sharp, and a page takes some 40 KB


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[time_machine.Traveller]:
    """Noon, at which public IDs, secrets and the order of events are those of the last time, too."""
    numbers = count(0x0193_4A6B_7C00_7000_8000_0000_0000_0000)
    monkeypatch.setattr(uuid_utils.compat, "uuid7", lambda: UUID(int=next(numbers)))
    chance = Random(1)
    monkeypatch.setattr(secrets, "token_hex", lambda length=16: chance.randbytes(length).hex())
    monkeypatch.setattr(courier, "MOST_THREADS", 1)  # events arrive in one order
    with time_machine.travel(NOON) as clock:
        yield clock


@pytest.fixture
def merchant(portal: str, clock: time_machine.Traveller, settings: Settings, tmp_path: Path) -> Merchant:
    settings.HOME = tmp_path
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True
    settings.ONE_CLICK_KEYS = {"1": "0" * 64}
    merchant = shop.load_shop()
    settings.PUBLIC_URL = ADDRESS
    loading.load_demo()  # teaches it the address
    return merchant


@pytest.fixture
def page(visit: Callable[..., Page], portal: str, merchant: Merchant, settings: Settings) -> Page:
    """At the portal as the demo's owner."""
    page = visit(viewport={"width": WIDTH, "height": 800}, reduced_motion="reduce", timezone_id="America/New_York")
    page.route(f"{ADDRESS}/**", lambda route: fetch_from(portal, route))
    page.clock.set_fixed_time(NOON)
    page.goto(f"{portal}/admin/login/")
    page.fill("[name=username]", loading.USERNAME)
    page.fill("[name=password]", json.loads((settings.HOME / "demo.json").read_text())["password"])
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")
    return page


def fetch_from(portal: str, route: Route) -> None:
    route.fulfill(response=route.fetch(url=route.request.url.replace(ADDRESS, portal)))


def take_picture(page: Page, name: str) -> None:
    page.wait_for_function(SETTLED)
    page.wait_for_load_state("networkidle")
    devtools = page.context.new_cdp_session(page)
    shot = devtools.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    (PICTURES / f"{name}.webp").write_bytes(base64.b64decode(shot["data"]))


def test_pictures(page: Page, portal: str, merchant: Merchant, clock: time_machine.Traveller) -> None:
    """`PICTURES=home,skip make pictures` takes these alone."""
    wanted = os.environ.get("PICTURES", ",".join(SCENES)).split(",")
    for name in wanted:
        scene = SCENES[name]
        clock.move_to(NOON)
        page.set_viewport_size({"width": WIDTH, "height": scene.height})
        answer = page.goto(urljoin(portal, scene.address(merchant)))
        assert answer and answer.ok, name
        scene.act(page)
        take_picture(page, name)
