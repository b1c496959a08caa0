"""Fills the Gladly of the sandbox with customers, since only those whom it knows get entries on a timeline."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest

from integrations.admin.gladly.find_account import find_account, is_gladly
from integrations.models import Connection
from integrations.sandbox.private_keys import GLADLY, leads_to_sandbox
from integrations.sandbox.profiles import Wanted, upsert_profiles
from subscriptions.errors import Refused
from subscriptions.models import Customer
from subscriptions.normal_forms import parse_email
from subscriptions.staff.buttons import Button
from subscriptions.staff.roles import Right

MOST_ADDED = 500


def add_customers(request: HttpRequest, connection: Connection, answers: dict[str, Any]) -> str:
    find_account(connection)
    if not leads_to_sandbox(connection):
        raise Refused("no_sandbox", "This connection does not lead to the sandbox.")
    newest = Customer.objects.filter(merchant=connection.merchant).exclude(email="").order_by("-pk")[:MOST_ADDED]
    wanted = [Wanted.from_data({"attributes": _attributes(row)}) for row in newest if parse_email(row.email)]
    with transaction.atomic():
        upsert_profiles(connection.merchant, GLADLY, wanted)
    return f"The sandbox's Gladly knows {len(wanted):,} customer{'' if len(wanted) == 1 else 's'}."


def _attributes(customer: Customer) -> dict[str, str]:
    return {"email": customer.email.strip(), "first_name": customer.first_name, "last_name": customer.last_name}


ADD_CUSTOMERS = Button(
    verb="add-customers",
    title="Add customers",
    icon="group_add",
    right=Right.CONNECTIONS,
    question=(
        f"Makes profiles of your newest {MOST_ADDED} customers in the sandbox. "
        "Gladly has a timeline only for those whom it knows."
    ),
    run=add_customers,
    offered=lambda connection: is_gladly(connection) and leads_to_sandbox(connection),
)
