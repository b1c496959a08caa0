"""The set of visitors: which machines act, and which people are asked first.

Machines that cannot be told from people are named here and in docs/developers/one-click.md. This machine's Chromium is
a server's, so it is people's devices that are put on: a graphics card, a zone, a screen with a bar, a user agent.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from integrations.models import Delivery
from oneclick.links.link_urls import landing_page_url
from oneclick.models import ActionToken, Click, OneClickSettings
from oneclick.tokens.token_text import encode_token
from subscriptions.actions.subscription import cancel
from subscriptions.models import Merchant
from tests.browser.conftest import BAR, DEVICE, PATIENCE, PERSON, PERSONS_CARD, PHONE, drawn_by, launch_browser
from tests.factories import STAFF, ConnectionFactory, CustomerFactory, subscription_with_order
from tests.portal import wait_until

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PRESSED = {**HTML, "Sec-Fetch-User": "?1"}
PREVIEWS = [
    "WhatsApp/2.24.20.89 A",
    "facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "Google-Safety; +http://www.google.com/bot.html",
]
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36"
)
NO_FOCUS = (
    "Object.defineProperty(Navigator.prototype, 'userActivation', { get: () => undefined });"
    "Document.prototype.hasFocus = () => false;"
)
NO_WEBGL = "HTMLCanvasElement.prototype.getContext = () => null;"
TWO_LANGUAGES = "Object.defineProperty(Navigator.prototype, 'languages', { get: () => ['de-DE', 'en'] });"
# Firefox names it without the extension.
FIREFOX_CARD = drawn_by("").replace("0x9246", "gl.RENDERER")


@dataclass
class Link:
    """A link of its own for each visitor, on the shop's page and as a hosted form."""

    shop: str
    merchant: Merchant
    token: ActionToken

    @property
    def on_shop(self) -> str:
        return f"{self.shop}/#og_quick_action=reactivate#og_quick_action_token={encode_token(self.token)}"

    @property
    def api(self) -> str:
        return f"/one_click/reactivate/?token={encode_token(self.token)}"

    @property
    def form(self) -> str:
        page = "/" + landing_page_url(self.merchant).split("/", 3)[3]
        return f"{page}?{urlencode({'action': 'reactivate', 'token': encode_token(self.token)})}"

    @property
    def acted(self) -> bool:
        return ActionToken.objects.filter(pk=self.token.pk, used_at__isnull=False).exists()

    @property
    def marked(self) -> bool:
        """Whether analytics count what was done as a machine's."""
        return Click.objects.get(token=self.token, outcome="success", replayed=False).likely_machine


@pytest.fixture
def new_link(shop, merchant) -> Callable[[], Link]:
    def make() -> Link:
        live = subscription_with_order(customer=CustomerFactory(merchant=merchant))
        cancelled = cancel(live, actor=STAFF).subject
        return Link(shop.url, merchant, ActionToken.objects.get(subscription=cancelled))

    return make


# --- machines that fetch ---------------------------------------------------------------------------------------------


class Form(HTMLParser):
    """A page's form as a fetcher reads it, with its boxes ticked."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.address, self.fields = "", {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.address = given["action"]
        elif tag == "input":
            self.fields[given["name"]] = given["value"]

    def send(self, **headers: str) -> str:
        return Client().post(self.address, self.fields, headers=headers).text


def send_form(link: Link, **headers: str) -> str:
    return Form(Client().get(link.form, headers=HTML).text).send(**headers)


def send_late(link: Link) -> None:
    """Ticks the box, too, and takes a person's time for each step: a page of five seconds ago is sent."""
    form = Form(send_form(link, **HTML))
    form.fields["on_page"] = str(int(form.fields["on_page"]) - 5000)
    form.send(**HTML)


FETCHERS: dict[str, Callable[[Link], Any]] = {
    "HEAD": lambda link: [Client().head(address) for address in (link.api, link.form)],
    "GET of a browser": lambda link: [Client().get(address, headers=HTML) for address in (link.api, link.form)],
    "GET of a program": lambda link: [
        Client().get(address, headers={"Accept": "*/*"}) for address in (link.api, link.form)
    ],
    "previews of text messages": lambda link: [
        Client().get(link.form, headers={"User-Agent": name}) for name in PREVIEWS
    ],
    "proxies that check the link five times": lambda link: [
        Client(REMOTE_ADDR=f"198.51.100.{number}").get(link.form, headers=HTML) for number in range(5)
    ],
    "form fetcher": lambda link: send_form(link, **HTML),
    "form fetcher that claims a press": lambda link: send_form(link, **PRESSED),
    "form fetcher that ticks the box": lambda link: Form(send_form(link, **HTML)).send(**HTML),
    "form fetcher that claims a press of the tick": lambda link: Form(send_form(link, **PRESSED)).send(**PRESSED),
    "form fetcher that ticks the box as slowly as people": send_late,
}

# --- machines with a browser -----------------------------------------------------------------------------------------


def wait_for_question(page: Page, link: Link) -> None:
    page.goto(link.on_shop)
    expect(page.get_by_role("button", name="Reactivate my subscription")).to_be_visible()


def look_for_a_moment(page: Page, link: Link) -> None:
    page.goto(link.on_shop)
    page.wait_for_timeout(300)


def be_driven(page: Page, link: Link) -> None:
    with page.expect_response("**/one_click/opened/**"):
        page.goto(link.on_shop)


def act_and_leave(page: Page, link: Link) -> None:
    """Nothing tells it from a person until it leaves."""
    page.goto(link.on_shop)
    expect(page.locator(".alert-container--success")).to_be_visible()
    page.goto("about:blank")


def press_first_button(page: Page, link: Link) -> None:
    wait_for_question(page, link)
    page.mouse.move(200, 300)
    button = page.locator("button").first.bounding_box()
    page.mouse.move(button["x"] + 90, button["y"] + 40, steps=12)
    page.mouse.click(button["x"] + 20, button["y"] + 10)
    page.wait_for_timeout(300)


def come_from_a_listed_network(page: Page, link: Link) -> None:
    rules = OneClickSettings.objects.filter(merchant=link.merchant)
    rules.update(machine_networks=["127.0.0.0/8"])
    wait_for_question(page, link)
    rules.update(machine_networks=[])


def come_with_the_message(page: Page, link: Link) -> None:
    event = link.token.event
    connection = ConnectionFactory(merchant=link.merchant)
    Delivery.objects.create(
        merchant=link.merchant,
        connection=connection,
        event=event,
        customer=event.customer,
        state="done",
        finished=timezone.now(),
    )
    wait_for_question(page, link)


def come_after_another_client(page: Page, link: Link) -> None:
    query = urlencode({"merchant": link.merchant.public_id.hex, "signs": "0"})
    fields = {"token": encode_token(link.token), "action": "reactivate"}
    Client(REMOTE_ADDR="198.51.100.7").post(f"/one_click/opened/?{query}", fields, headers={"User-Agent": IPHONE})
    wait_for_question(page, link)


@dataclass(frozen=True)
class Machine:
    """How it looks at the link, what its pages pretend, and the options of its context."""

    look: Callable[[Page, Link], None]
    script: str = ""
    options: dict[str, Any] | None = None


CARD = drawn_by(PERSONS_CARD)
SERVER = {"user_agent": PERSON, "extra_http_headers": DEVICE["extra_http_headers"]}
LLVMPIPE = drawn_by("llvmpipe (LLVM 19.1.7, 256 bits)")
BROWSERS = {
    "headless browser that says so": Machine(wait_for_question, CARD + BAR, DEVICE),
    "headless browser that says so in a header": Machine(
        wait_for_question,
        CARD + BAR,
        {"user_agent": PERSON, "timezone_id": DEVICE["timezone_id"]},
    ),
    "ordinary user agent": Machine(wait_for_question, options=SERVER),
    "ordinary user agent with a person's zone and screen": Machine(wait_for_question, BAR, SERVER | DEVICE),
    "Firefox that draws in software": Machine(wait_for_question, LLVMPIPE + BAR, {"user_agent": FIREFOX} | DEVICE),
    "without graphics in the zone UTC": Machine(wait_for_question, NO_WEBGL + BAR, SERVER),
    "without graphics on a bare screen": Machine(wait_for_question, NO_WEBGL, SERVER | DEVICE),
    "phone of a farm": Machine(wait_for_question, options={"user_agent": ANDROID, **PHONE}),
    "prerender": Machine(
        look_for_a_moment, "Object.defineProperty(Document.prototype, 'prerendering', { get: () => true });", SERVER
    ),
    "hidden tab": Machine(
        look_for_a_moment,
        "Object.defineProperty(Document.prototype, 'visibilityState', { get: () => 'hidden' });",
        SERVER | DEVICE,
    ),
    "a person's device in a listed network": Machine(come_from_a_listed_network, CARD + BAR, SERVER | DEVICE),
    "a person's device as the message leaves": Machine(come_with_the_message, CARD + BAR, SERVER | DEVICE),
    "a person's device right after another client": Machine(come_after_another_client, CARD + BAR, SERVER | DEVICE),
    "a person's device and nothing else": Machine(act_and_leave, CARD + BAR, SERVER | DEVICE),
    "moves the mouse and presses the first button": Machine(press_first_button, options=SERVER),
    "the same with a person's zone and screen": Machine(press_first_button, BAR, SERVER | DEVICE),
}
INDISTINGUISHABLE = {"form fetcher that ticks the box as slowly as people", "a person's device and nothing else"}

# --- people ----------------------------------------------------------------------------------------------------------

DESK = {"viewport": {"width": 1280, "height": 800}, **DEVICE}
PEOPLE: dict[str, tuple[str, dict[str, Any]]] = {
    "Chromium": (CARD + BAR, {"user_agent": PERSON, **DESK}),
    "Chromium in two languages": (CARD + BAR + TWO_LANGUAGES, {"user_agent": PERSON, **DESK}),
    "Chromium on a full screen": (CARD, {"user_agent": PERSON, **DESK}),
    "Chromium in the zone UTC": (CARD + BAR, {"user_agent": PERSON, **DESK, "timezone_id": "UTC"}),
    "Chromium on a PC without a driver": (
        drawn_by("ANGLE (Microsoft, Microsoft Basic Render Driver Direct3D11)") + BAR,
        {"user_agent": PERSON, **DESK},
    ),
    "Firefox": (
        FIREFOX_CARD.replace('""', '"NVIDIA GeForce GTX 980, or similar"') + BAR,
        {"user_agent": FIREFOX, **DESK},
    ),
    "Firefox that hides what it can": (
        NO_WEBGL + TWO_LANGUAGES,
        {"user_agent": FIREFOX, **DESK, "timezone_id": "Atlantic/Reykjavik"},
    ),
    "mail app on an iPhone": (drawn_by("Apple GPU") + NO_FOCUS, {"user_agent": IPHONE, **PHONE, **DEVICE}),
    "Android phone": (drawn_by("ANGLE (ARM, Mali-G78, OpenGL ES 3.2)"), {"user_agent": ANDROID, **PHONE, **DEVICE}),
    "phone without graphics in the zone UTC": (
        NO_WEBGL,
        {"user_agent": ANDROID, **PHONE, **DEVICE, "timezone_id": "UTC"},
    ),
}


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    contexts: list[BrowserContext] = []

    def open_page(script: str, options: dict[str, Any], of: Browser = browser) -> Page:
        contexts.append(of.new_context(**options))
        contexts[-1].add_init_script(script)
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def driven(playwright) -> Iterator[Browser]:
    """A browser that reveals that a program drives it."""
    yield from launch_browser(playwright)


def test_no_machine_acts_but_those_that_cannot_be_told_from_people(new_link, open_page, driven, record_property):
    links = {name: new_link() for name in [*FETCHERS, *BROWSERS, "driven browser"]}
    for name, fetch in FETCHERS.items():
        fetch(links[name])
    for name, machine in BROWSERS.items():
        page = open_page(machine.script, machine.options or {})
        machine.look(page, links[name])
        page.close()
    be_driven(open_page(CARD, SERVER | DEVICE, driven), links["driven browser"])
    acting = {name for name, link in links.items() if link.acted}
    record_property("machines that act", f"{len(acting)} of {len(links)}")
    assert acting == INDISTINGUISHABLE
    wait_until(lambda: all(links[name].marked for name in acting))


def test_no_person_is_asked_before_the_link_acts(new_link, open_page, record_property):
    links = {name: new_link() for name in PEOPLE}
    for name, (script, options) in PEOPLE.items():
        page = open_page(script, options)
        page.goto(links[name].on_shop)
        expect(page.get_by_role("status"), name).to_contain_text("your subscription", ignore_case=True)
        page.mouse.move(300, 300)
        page.goto("about:blank")
        page.close()
    asked = {name for name, link in links.items() if not link.acted}
    record_property("people who are asked", f"{len(asked)} of {len(links)}")
    assert asked == set()
    assert {name for name, link in links.items() if link.marked} == set()
