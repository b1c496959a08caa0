"""The set-up guide: what a merchant does from nothing to a live shop. Each step knows from rows whether it is done."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from onboarding.guide_rows import find_missing
from subscriptions.models import Merchant
from subscriptions.staff.roles import Right, may


@dataclass(frozen=True, slots=True)
class Task:
    """What a step asks for. Staff with `right` do it on `page`, and find it on `later_page` once it is done.

    The pages of a dialog are those of the merchant's row.
    """

    name: str
    title: str
    about: str
    button: str
    page: str
    right: Right
    later_page: str = ""
    is_dialog: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """`missing` says why the task is not done, and is empty once it is. `url` is empty for those who may not do it."""

    task: Task
    missing: str
    url: str


@dataclass(frozen=True, slots=True)
class Guide:
    steps: list[Step]

    @property
    def done(self) -> int:
        return sum(not step.missing for step in self.steps)

    @property
    def next_step(self) -> Step | None:
        return next((step for step in self.steps if step.missing), None)


IMPORTS = "subscriptions_importrun_changelist"
TASKS = [
    Task(
        "products",
        "Bring your products",
        "What customers subscribe to. Upload a CSV file, or let your platform send them by the REST API.",
        "Import and export",
        IMPORTS,
        Right.IMPORT,
    ),
    Task(
        "customers",
        "Bring your customers and subscriptions",
        "One CSV file for each, customers first. New ones come with your shop's checkouts.",
        "Import and export",
        IMPORTS,
        Right.IMPORT,
    ),
    Task(
        "test_customer",
        "Make a test customer",
        "Jamie Sample, with one active subscription and one cancelled: for trying things out. A test customer is never "
        "charged and counts in no figure.",
        "Make a test customer",
        "subscriptions_merchant_test_customer",
        Right.TEST,
        is_dialog=True,
    ),
    Task(
        "landing_page",
        "Look at your landing page",
        "A click on a link acts there, and the customer reads the result. Links may also lead to pages of your shop.",
        "Landing pages",
        "oneclick_landingpage_changelist",
        Right.VIEW,
    ),
    Task(
        "link",
        "Build your first link",
        "Choose what it does, save it, and copy it into a message of your e-mail or text message tool.",
        "Build a link",
        "oneclick_savedlink_add",
        Right.LINKS,
        later_page="oneclick_savedlink_changelist",
    ),
    Task(
        "tried_link",
        "Try the link",
        "Open it from the list and press Test link: it acts for the test customer, and you see what customers see.",
        "Links",
        "oneclick_savedlink_changelist",
        Right.USE_TOKENS,
    ),
    Task(
        "connection",
        "Connect Klaviyo, Attentive or a webhook",
        "Events go there as they happen, with the tokens of your links.",
        "Connections",
        "integrations_connection_changelist",
        Right.CONNECTIONS,
    ),
    Task(
        "api_key",
        "Let your shop report its checkouts",
        "With an API key, your shop tells of each new subscription.",
        "API keys",
        "subscriptions_apikey_changelist",
        Right.SETTINGS,
    ),
    Task(
        "gateway",
        "Say where orders are placed",
        "Your platform's address, to which orders are posted on their day. Test sends it an empty order.",
        "Gateway",
        "subscriptions_gatewaysettings_changelist",
        Right.SETTINGS,
    ),
]
GO_LIVE = Task(
    "live",
    "Go live",
    "From then on, orders are posted to your platform and customers are charged. There is no way back.",
    "Go live",
    "subscriptions_merchant_go-live",
    Right.SETTINGS,
    is_dialog=True,
)
PLACE_ORDERS = Task(
    "live",
    "Place orders every day",
    "Orders are posted to your platform at the placement time of their day.",
    "Merchant",
    "subscriptions_merchant_changelist",
    Right.SETTINGS,
)


def read_guide(request: HttpRequest, merchant: Merchant) -> Guide:
    """The guide as the rows are at this moment, in a fixed number of queries."""
    missing, last = find_missing(merchant), GO_LIVE if merchant.is_test else PLACE_ORDERS
    return Guide([make_step(request, merchant, task, missing[task.name]) for task in [*TASKS, last]])


def make_step(request: HttpRequest, merchant: Merchant, task: Task, missing: str) -> Step:
    if not may(request, task.right) or (task.is_dialog and not missing):
        return Step(task, missing, url="")
    page = task.page if missing else task.later_page or task.page
    return Step(task, missing, reverse(f"admin:{page}", args=[merchant.pk] if task.is_dialog else []))
