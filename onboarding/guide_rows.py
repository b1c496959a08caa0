"""What is missing for each step of the set-up guide, read from the merchant's rows."""

from django.db.models import Exists

from integrations.connection_states import describe_connections
from integrations.models import Connection
from integrations.sandbox.private_keys import leads_to_sandbox
from oneclick.models import ActionToken, LandingPage, OneClickSettings, SavedLink
from subscriptions.admin.going_live import find_obstacle
from subscriptions.models import ApiKey, Customer, Merchant, Product, Subscription

NO_CONNECTION = "There is no connection yet: events are recorded and sent nowhere."
UNTESTED = "{} is not tested yet: press Test on its page."
STILL_SANDBOX = (
    "{} leads to the sandbox, which takes no events of a live merchant: give it the address and key of your account."
)


def find_missing(merchant: Merchant) -> dict[str, str]:
    """For each step, by the name of its task, a sentence; empty if the step is done."""
    has = read_facts(merchant)
    return {
        "products": "" if has["product"] else "There are no products yet.",
        "customers": missing_customers(has),
        "test_customer": "" if has["test_customer"] else "No test customer has a subscription yet.",
        "landing_page": missing_landing_page(has),
        "link": "" if has["link"] else "No link is saved yet.",
        "tried_link": "" if has["tried_link"] else "No test customer has used a link yet.",
        "connection": missing_connection(merchant),
        "api_key": "" if has["api_key"] else "There is no API key yet.",
        "gateway": find_obstacle(merchant),
        "live": missing_placement(merchant),
    }


def read_facts(merchant: Merchant) -> dict[str, bool]:
    """Which rows there are, in one query that ends at the first of each."""
    test_customers = Customer.objects.filter(merchant=merchant, is_test=True)
    rows = {
        "product": Product.objects.filter(merchant=merchant),
        "customer": Customer.objects.filter(merchant=merchant, is_test=False),
        "subscription": Subscription.objects.filter(merchant=merchant).exclude(customer__in=test_customers),
        "test_customer": Subscription.objects.filter(customer__in=test_customers),
        "one_click": OneClickSettings.objects.filter(merchant=merchant, enabled=True),
        "landing_page": LandingPage.objects.filter(merchant=merchant, is_default=True),
        "link": SavedLink.objects.filter(merchant=merchant, archived=False),
        "tried_link": ActionToken.objects.filter(customer__in=test_customers).exclude(used_at=None),
        "api_key": ApiKey.objects.filter(merchant=merchant, revoked=None),
    }
    found = Merchant.objects.filter(pk=merchant.pk).values_list(*(Exists(each) for each in rows.values()))
    return dict(zip(rows, found.get(), strict=True))


def missing_customers(has: dict[str, bool]) -> str:
    if not has["customer"]:
        return "There are no customers yet."
    return "" if has["subscription"] else "No customer has a subscription yet."


def missing_landing_page(has: dict[str, bool]) -> str:
    if not has["one_click"]:
        return "1-Click is switched off in its settings, so every click is refused."
    return "" if has["landing_page"] else "No landing page is the default one."


def missing_connection(merchant: Merchant) -> str:
    """What is wrong with the first connection for events; one that works is enough."""
    found = Connection.objects.filter(merchant=merchant, removed_at=None).order_by("name", "pk")
    rows = list(found.exclude(integration=Connection.Integration.GLADLY))
    states = describe_connections(rows)
    problems = []
    for row in rows:
        state = states[row.pk]
        if state.name in ("Off", "Paused"):
            problems.append(f"{row}: {state.sentence}")
        elif leads_to_sandbox(row) and not merchant.is_test:
            problems.append(STILL_SANDBOX.format(row))
        elif row.integration != Connection.Integration.WEBHOOK and not (row.account or row.last_success_at):
            problems.append(UNTESTED.format(row))
        else:
            return ""
    return problems[0] if problems else NO_CONNECTION


def is_placing(merchant: Merchant) -> bool:
    """Whether the merchant has come to the end of the guide: the orders of each day go to its platform."""
    return not missing_placement(merchant)


def missing_placement(merchant: Merchant) -> str:
    if merchant.is_test:
        return find_obstacle(merchant) or "Everything is set. Until you go live, the simulator answers every order."
    if merchant.paused_at is not None:
        return "The shop is paused, so no order is placed and nothing is sent."
    if merchant.placement_hour is None:
        return "The placement time is Never, so no order is placed by itself."
    return find_obstacle(merchant)
