"""What the manual shows: each picture with its page, and what is done there before it is taken."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Count
from django.urls import reverse
from playwright.sync_api import Page

from demo import loading
from subscriptions.models import ImportRun, Merchant


@dataclass(frozen=True, slots=True)
class Scene:
    """`address` finds the page of that merchant; `act` leads on from there, such as into a dialog."""

    address: Callable[[Merchant], str]
    height: int = 800
    act: Callable[[Page], None] = lambda page: None


def page_at(name: str, *arguments: object) -> Callable[[Merchant], str]:
    return lambda merchant: reverse(f"admin:{name}", args=arguments)


def new_row(model: str, query: str = "") -> Callable[[Merchant], str]:
    return lambda merchant: reverse(f"admin:{model}_add") + query


def list_of(model: str, query: str = "") -> Callable[[Merchant], str]:
    return lambda merchant: reverse(f"admin:{model}_changelist") + query


def customer_page(merchant: Merchant) -> str:
    """The one with whose subscription most has happened."""
    subscriptions = merchant.subscriptions.filter(cancelled=None, customer__is_test=False)
    busiest = subscriptions.annotate(activity=Count("activities")).order_by("-activity", "pk")[0]
    return reverse("admin:subscriptions_customer_change", args=[busiest.customer_id])


def order_page(merchant: Merchant) -> str:
    return reverse("admin:subscriptions_order_change", args=[merchant.orders.order_by("pk")[0].pk])


def product_page(page: str) -> Callable[[Merchant], str]:
    return lambda merchant: reverse(
        f"admin:subscriptions_product_{page}", args=[merchant.products.order_by("pk")[0].pk]
    )


def connection_page(integration: str) -> Callable[[Merchant], str]:
    return lambda merchant: reverse(
        "admin:integrations_connection_change", args=[merchant.connections.get(integration=integration).pk]
    )


def import_page(state: ImportRun.State) -> Callable[[Merchant], str]:
    """The latest one that is as far as that."""
    return lambda merchant: reverse(
        "admin:subscriptions_importrun_change", args=[merchant.import_runs.filter(state=state).latest("pk").pk]
    )


def open_dialog(name: str) -> Callable[[Page], None]:
    def press(page: Page) -> None:
        page.get_by_role("link", name=name).first.click()
        page.get_by_role("dialog").wait_for()

    return press


def type_into_find_box(text: str) -> Callable[[Page], None]:
    def find(page: Page) -> None:
        page.keyboard.press("/")
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        page.wait_for_url("**q=**")

    return find


def scroll_to(selector: str) -> Callable[[Page], None]:
    def scroll(page: Page) -> None:
        page.locator(selector).evaluate("part => part.scrollIntoView()")

    return scroll


def banner_link(merchant: Merchant) -> str:
    """A whole address: Jamie Sample's link to reactivate a subscription. Only the demo has it."""
    return str(loading.describe_demo()["link"])


def sample_page(merchant: Merchant) -> str:
    """Jamie Sample's."""
    subscription = merchant.subscriptions.get(external_id=loading.LINK_SUBSCRIPTION)
    return reverse("admin:subscriptions_customer_change", args=[subscription.customer_id])


def wait_for_banner(page: Page) -> None:
    page.get_by_role("status").filter(has_text="next order").wait_for()


SCENES = {
    "home": Scene(page_at("index"), height=1070),
    "guide": Scene(page_at("guide"), height=1240),
    "find": Scene(page_at("index"), height=520, act=type_into_find_box("Sample")),
    "customer": Scene(customer_page, height=1360),
    "skip": Scene(customer_page, act=open_dialog("Skip next order")),
    "orders": Scene(list_of("subscriptions_order"), height=700),
    "order": Scene(order_page, height=900),
    "product": Scene(product_page("change"), height=900),
    "discontinue": Scene(product_page("discontinue"), height=900),
    "offers": Scene(list_of("subscriptions_offerprofile"), height=520),
    "links": Scene(list_of("oneclick_savedlink"), height=520),
    "builder": Scene(new_row("oneclick_savedlink"), height=1000),
    "cancellations": Scene(page_at("cancellations"), height=1000),
    "retention": Scene(page_at("retention"), height=1300),
    "forecast": Scene(page_at("forecast"), height=1200),
    "link-analytics": Scene(page_at("link_analytics"), height=900),
    "link-revenue": Scene(page_at("link_revenue"), height=900),
    "landing-pages": Scene(list_of("oneclick_landingpage"), height=520),
    "messages": Scene(list_of("oneclick_messagetext"), height=700),
    "connection-new": Scene(new_row("integrations_connection"), height=760),
    "connection": Scene(connection_page("klaviyo"), height=1000),
    "gladly": Scene(connection_page("gladly"), height=1100),
    "delivery-health": Scene(page_at("delivery"), height=900),
    "inbox": Scene(page_at("inbox"), height=860),
    "jobs": Scene(page_at("jobs"), height=760),
    "bulk-changes": Scene(list_of("subscriptions_bulkrun"), height=520),
    "import": Scene(list_of("subscriptions_importrun"), height=620),
    "import-match": Scene(import_page(ImportRun.State.UPLOADED), height=900),
    "import-check": Scene(import_page(ImportRun.State.CHECKED), height=900),
    "gateway": Scene(list_of("subscriptions_gatewaysettings"), height=800),
    "merchant": Scene(list_of("subscriptions_merchant"), height=900),
    "danger-zone": Scene(list_of("subscriptions_merchant"), height=620, act=scroll_to("#danger-zone")),
    "cancel-reasons": Scene(list_of("subscriptions_cancelreason"), height=620),
    "api-keys": Scene(list_of("subscriptions_apikey"), height=520),
    "team": Scene(list_of("subscriptions_membership"), height=520),
    "invite": Scene(new_row("subscriptions_invitation"), height=520),
    "two-factor": Scene(page_at("two_factor"), height=760),
    "logins": Scene(page_at("sessions"), height=520),
    "roles": Scene(page_at("roles"), height=900),
    "audit": Scene(list_of("subscriptions_auditentry"), height=620),
    # Last, because the link cancels and reactivates.
    "banner": Scene(banner_link, height=640, act=wait_for_banner),
    "sample": Scene(sample_page, height=1360),
}
