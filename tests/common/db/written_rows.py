"""Rows that are not written yet, and what lies in the tables."""

from common.db import new_row, reserve_ids
from common.db.writing import take_reserved_ids
from subscriptions.models import Activity, Customer, Event


def events(customer, many: int) -> list[Event]:
    made = [
        new_row(Event, merchant=customer.merchant, customer=customer, kind=f"k{place}", payload={}, recipient={})
        for place in range(many)
    ]
    numbered(made)
    return made


def activity(customer) -> Activity:
    made = new_row(Activity, merchant=customer.merchant, customer=customer, verb="v", sentence="s", actor_kind="staff")
    numbered([made])
    return made


def numbered(rows: list) -> None:
    with reserve_ids({type(rows[0]): len(rows)}):
        assert take_reserved_ids(rows) == []


def event_without_key(customer) -> Event:
    return new_row(Event, merchant=customer.merchant, customer=customer, kind="k", payload={}, recipient={})


def twins(customer) -> list[Event]:
    """Two of which only one can be written."""
    first, second = events(customer, 2)
    second.public_id = first.public_id
    return [first, second]


def first_name(customer) -> str:
    return Customer.objects.get(pk=customer.pk).first_name


def statements(context) -> list[str]:
    return [query["sql"].split()[0] for query in context]
