"""A real browser and a real server: `portal` is ours, `shop` another origin under a strict policy."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from oneclick.models import ActionToken, OneClickSettings
from oneclick.tokens.token_text import encode_token
from subscriptions import calendar
from subscriptions.actions.subscription import cancel
from subscriptions.models import Merchant, Subscription
from tests.browser.staff import Staff
from tests.factories import STAFF, CustomerFactory, MembershipFactory, MerchantFactory, subscription_with_order
from tests.oneclick.shop import Shop as Orders
from tests.oneclick.shop import create_shop as orders_of
from tests.portal import wait_until

# Playwright keeps an event loop in this thread, and Django would refuse the factories' queries beside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# The first one found. The headless shell is the same engine without windows and needs half the CPU.
CHROMIUMS = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Otherwise each window loads two pages for an address bar that nobody sees.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup",
]
PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
# This machine's Chromium is itself a server's: it draws in software, on a screen without a bar, in the zone UTC. Pages
# of people get a graphics card, a bar and a zone, but not the second language that few Chromiums still send.
DEVICE = {
    "timezone_id": "America/New_York",
    "extra_http_headers": {"Sec-CH-UA": '"Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"'},
}
PERSONS_CARD = "ANGLE (Apple, ANGLE Metal Renderer: Apple M2, Unspecified Version)"
BAR = "Object.defineProperty(Screen.prototype, 'availHeight', { get: () => screen.height - 40 });"
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
# Generous, because a busy machine only takes longer.
PATIENCE = 30_000  # milliseconds

AT_WORK = """
    SELECT 1 FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND datname = current_database()
        AND pid <> pg_backend_pid() AND state <> 'idle'
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)


def launch_browser(playwright: Playwright, *switches: str) -> Iterator[Browser]:
    found = [path for name in CHROMIUMS if (path := shutil.which(name))]
    if not found:
        pytest.fail("Browser tests need Chromium: apt-get install chromium-headless-shell")
    browser = playwright.chromium.launch(executable_path=found[0], args=[*SWITCHES, *switches])
    watch_our_pages(browser)
    yield browser
    browser.close()


def drawn_by(renderer: str) -> str:
    """A script for a page that names this as what draws it."""
    return """
        WebGLRenderingContext.prototype.getParameter = new Proxy(WebGLRenderingContext.prototype.getParameter, {
            apply: (read, gl, [name]) => name === 0x9246 ? "RENDERER" : read.call(gl, name),
        });
    """.replace("RENDERER", renderer)


FAULTS: list[str] = []


def watch_our_pages(browser: Browser) -> None:
    """Note in FAULTS what the content policy refuses on the portal's pages, and what their scripts fail at."""
    new_context = browser.new_context

    def note_message(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Alpine" in message.text:
            note(message.page, message.text)

    def note(page: Page | None, text: str) -> None:
        # Shops are at 127.0.0.1, under policies of their own.
        if page and page.url.startswith("http://localhost:"):
            FAULTS.append(f"{page.url}: {text}")

    def watched_context(**options: object) -> BrowserContext:
        context = new_context(**options)
        context.on("console", note_message)
        context.on("weberror", lambda error: note(error.page, str(error.error)))
        return context

    browser.new_context = watched_context  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def our_pages_have_no_faults() -> Iterator[None]:
    FAULTS.clear()
    yield
    assert not FAULTS


def record_posts(page: Page) -> list[str]:
    """A list that collects the addresses the page posts to from now on."""
    posts: list[str] = []
    page.on("request", lambda request: request.method == "POST" and posts.append(request.url))
    return posts


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """A browser that does not reveal that a program drives it."""
    yield from launch_browser(playwright, "--disable-blink-features=AutomationControlled")


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """visit(**options of the context) gives a fresh page, by default of a person at a desk."""
    contexts = []

    def fresh(**options: object) -> Page:
        contexts.append(browser.new_context(**{"user_agent": PERSON, **DEVICE, **options}))
        contexts[-1].add_init_script(drawn_by(PERSONS_CARD) + BAR)
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE)
        return page

    yield fresh
    for context in contexts:
        context.close()


@pytest.fixture
def page(visit: Callable[..., Page]) -> Page:
    return visit(viewport={"width": 1280, "height": 800})


@pytest.fixture
def portal(live_server, settings) -> Iterator[str]:
    """The address of our own server; no request is running when the test's rows are deleted."""
    cache.clear()
    settings.PUBLIC_URL = live_server.url
    yield live_server.url
    with connection.cursor() as cursor:
        wait_until(lambda: not cursor.execute(AT_WORK).fetchone())


class Shop:
    """A shop's site: every path answers `html` under `policy`; `paths` are those it was asked for."""

    def __init__(self) -> None:
        self.html = ""
        self.policy = ""
        self.paths: list[str] = []
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                shop.paths.append(self.path)
                body = shop.html.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Security-Policy", shop.policy)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def load(
        self, portal: str, public_id: str, head: str = "", body: str = "<h1>The shop</h1>", inline: str = ""
    ) -> None:
        """Put the merchant's script on the shop's pages, in the head, as its first script.

        `inline`, such as "style-src", lets the shop's own inline code through the policy.
        """
        sources = {
            "default-src": "'none'",
            "script-src": portal,
            "connect-src": portal,
            "img-src": "data:",
            "require-trusted-types-for": "'script'",
        }
        if inline:
            sources[inline] = f"{sources.get(inline, '')} 'unsafe-inline'"
        self.policy = "; ".join(f"{directive} {source}" for directive, source in sources.items())
        self.html = (
            '<!doctype html><html lang="en"><head><title>Shop</title><link rel="icon" href="data:,">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<script src="{portal}/{public_id}/main.js"></script>{head}</head><body>{body}</body></html>'
        )


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.server.shutdown()
    shop.server.server_close()


@pytest.fixture
def merchant(portal, shop) -> Merchant:
    """A merchant whose script may run on the shop's pages."""
    merchant: Merchant = MerchantFactory(name="Harbour Coffee", shop_url=f"{shop.url}/")
    OneClickSettings.objects.filter(merchant=merchant).update(shop_origins=[shop.url])
    shop.load(portal, merchant.public_id.hex)
    return merchant


@pytest.fixture
def subscription(merchant) -> Subscription:
    """A cancelled subscription; its cancel event issued a token."""
    live = subscription_with_order(customer=CustomerFactory(merchant=merchant))
    return cancel(live, actor=STAFF).subject


@pytest.fixture
def orders(merchant) -> Orders:
    """A customer whose next order, of two subscriptions, is due in three weeks."""
    return orders_of(day=calendar.today(merchant.time_zone) + timedelta(weeks=3), merchant=merchant)


@pytest.fixture
def token(subscription) -> str:
    return encode_token(ActionToken.objects.get(subscription=subscription))


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[Page]:
    """One page for all tests of a module."""
    context = browser.new_context(user_agent=PERSON, viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    yield page
    context.close()


@pytest.fixture
def staff(portal: str, window: Page, merchant: Merchant) -> Iterator[Staff]:
    """The merchant's owner, at Home."""
    client = Client()
    user = MembershipFactory(merchant=merchant, role="owner").user
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    window.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": portal}])
    yield Staff(window, portal)
    # The page must ask for nothing while the rows are deleted.
    window.goto("about:blank")
    window.context.clear_cookies()
    cache.clear()
