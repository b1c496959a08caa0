"""What a trial does in the portal's own database: `python -m benchmarks.chaos.inside send|report|backfill`, arguments.

The events are written as actions write them: each transaction has the events and their deliveries.
"""

import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import django

django.setup()

from django.db import Error, connection, transaction  # noqa: E402  # settings come first
from django_q.tasks import async_task  # noqa: E402  # likewise

from benchmarks.chaos import inside_backfill  # noqa: E402  # likewise
from integrations import outbox  # noqa: E402  # likewise
from integrations.models import Attempt, Connection, Delivery, SandboxEvent, SandboxFault  # noqa: E402  # likewise
from integrations.sandbox import private_keys  # noqa: E402  # likewise
from subscriptions.events import catalogue  # noqa: E402  # likewise
from subscriptions.models import Customer, Event, Merchant  # noqa: E402  # likewise

MERCHANTS = 4
KINDS = [catalogue.SUBSCRIPTION_REACTIVATE, catalogue.CHANGE_QUANTITY, catalogue.ORDER_SKIP, catalogue.OUT_OF_STOCK]
FLOODS = (40, 400)  # events that one transaction writes for many customers
LIVE_SHARE = 0.2
SWEEP_SECONDS = 1.0  # of 60


def send(events: int, customers: int, faults: dict[str, tuple[int, bool]], seed: int, seconds: float) -> None:
    """Write `events` within about `seconds`, and return when all are delivered or have failed.

    `faults`: the share in percent of each fault, and whether the request is stored all the same.
    """
    chance = random.Random(seed)
    crowds = [_create_merchant(number, customers // MERCHANTS, faults) for number in range(MERCHANTS)]
    sizes = list(_sizes(events, chance))
    swept = 0.0
    for size in sizes:
        crowd = chance.choice(crowds)
        _write_events(chance.choices(crowd, k=size) if size > 1 else [chance.choice(crowd)], chance)
        time.sleep(seconds / len(sizes))
        swept = _sweep(swept)
    while not _is_finished():
        swept = _sweep(swept)
        time.sleep(0.2)


def _sizes(events: int, chance: random.Random) -> Iterator[int]:
    """How many events each transaction writes: a flood, and one by one some of what people wait for."""
    while events > 0:
        flood = min(events, chance.randint(*FLOODS))
        live = round(flood * LIVE_SHARE)
        yield from [1] * live
        if flood > live:
            yield flood - live
        events -= flood


def _create_merchant(number: int, customers: int, faults: dict[str, tuple[int, bool]]) -> list[Customer]:
    merchant = Merchant.objects.create(name=f"Chaos {number}", shop_url="https://shop.test", is_test=True)
    Connection.objects.create(
        merchant=merchant,
        integration=Connection.Integration.KLAVIYO,
        name="Sandbox",
        base_url=private_keys.sandbox_url(),
        secret=private_keys.create_key(merchant),
    )
    for outcome, (share, takes_effect) in faults.items():
        SandboxFault.objects.create(
            merchant=merchant, outcome=outcome, share=share, takes_effect=takes_effect, milliseconds=500
        )
    made = [
        Customer(
            merchant=merchant,
            merchant_user_id=f"C-{n}",
            first_name="Ana",
            last_name="Ruiz",
            email=f"ana{n}@chaos{number}.test",
        )
        for n in range(customers)
    ]
    return Customer.objects.bulk_create(made)


def _write_events(customers: Sequence[Customer], chance: random.Random) -> None:
    """One transaction, as often as PostgreSQL being away requires."""
    events = [
        Event(
            merchant_id=customer.merchant_id,
            customer=customer,
            kind=chance.choice(KINDS),
            payload={"customer": customer.merchant_user_id},
            recipient={"email": customer.email, "first_name": "Ana", "last_name": "Ruiz"},
        )
        for customer in customers
    ]
    while True:
        try:
            with transaction.atomic():
                outbox.enqueue(Event.objects.bulk_create(events))
            return
        except Error:
            _reconnect()


def _sweep(last: float) -> float:
    """What the schedule does each minute, as often as the shortened leases end; the time of the last one."""
    if time.monotonic() < last + SWEEP_SECONDS:
        return last
    try:
        async_task("integrations.outbox.sweep", save=False)
    except Error:
        _reconnect()
    return time.monotonic()


def _is_finished() -> bool:
    try:
        return not Delivery.objects.filter(state=Delivery.State.PENDING).exists()
    except Error:
        _reconnect()
        return False


def _reconnect() -> None:
    connection.close()
    time.sleep(0.2)


def report() -> dict[str, Any]:
    """What the sandbox holds beside what was written, and how it got there."""
    written, held = defaultdict(list), defaultdict(list)
    for email, public_id in Event.objects.order_by("pk").values_list("customer__email", "public_id"):
        written[email].append(public_id.hex)
    for email, unique_id in SandboxEvent.objects.order_by("pk").values_list("profile__email", "unique_id"):
        held[email].append(unique_id)
    ids, found = [one for each in written.values() for one in each], Counter(sum(held.values(), []))
    return {
        "events": len(ids),
        "customers": len(written),
        "held": len(found),
        "missing": len(set(ids) - set(found)),
        "doubled": sum(count > 1 for count in found.values()) + len(set(found) - set(ids)),
        "out_of_order": sum(held[email] != written[email] for email in written),
        "states": Counter(Delivery.objects.values_list("state", flat=True)),
        **_count_attempts(),
    }


def _count_attempts() -> dict[str, Any]:
    answers: Counter[str] = Counter()
    deaths: Counter[int] = Counter()
    longest, last = 0, 0
    rows = Attempt.objects.order_by("delivery", "pk")
    row_deaths = 0
    for delivery, status, milliseconds, together in rows.values_list("delivery", "status", "milliseconds", "together"):
        interrupted = milliseconds is None
        row_deaths = (row_deaths if delivery == last else 0) + 1 if interrupted else 0
        longest, last = max(longest, row_deaths), delivery
        deaths[delivery] += interrupted
        answers["worker died" if interrupted else str(status or "no answer")] += 1
        answers["in bulk"] += together > 1
    return {"answers": answers, "interrupted": sum(map(bool, deaths.values())), "most_deaths_in_a_row": longest}


def main() -> None:
    call, *arguments = sys.argv[1:]
    if call == "send":
        send(**json.loads(arguments[0]))
    elif call == "backfill":
        print(json.dumps(inside_backfill.run(**json.loads(arguments[0]))))  # noqa: T201  # likewise
    else:
        print(json.dumps(report()))  # noqa: T201  # for the process that runs the trial


if __name__ == "__main__":
    main()
