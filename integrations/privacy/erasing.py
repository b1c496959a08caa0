"""The erasure of a customer, here and at Klaviyo.

One transaction ends what runs, empties the customer's rows and blocks the customer at each connection. Requests that
left just before, and threads that write a log a little later, may leave traces after it; the minute's `settle` erases
these as well, once Klaviyo has deleted the profile. Until then `Erasure` keeps by what to find them.
"""

import logging
from datetime import timedelta

from django.contrib.postgres.functions import RandomUUID
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Replace
from django.utils import timezone

from integrations.klaviyo.runs import control
from integrations.models import Connection, Delivery, Erasure, ProfileError, ProfileRun, SentProfile
from integrations.privacy.traces import TRACES, Person
from oneclick.models import ActionToken
from subscriptions.actions.customer_erasure import empty_rows, end_customer
from subscriptions.actions.customer_lock import CUSTOMER_BY_KEY, lock_customer
from subscriptions.actors import Actor
from subscriptions.errors import Refused
from subscriptions.models import Customer, ImportRun

log = logging.getLogger(__name__)

# Longer than any request may take, and than any log waits to be written.
LATE = timedelta(minutes=10)
MOST = 20  # of one sweep


def erase_customer(customer: Customer, *, actor: Actor) -> None:
    """It cannot be undone. Refused while an order is being placed, or a file waits that may hold the customer.

    Raises `Busy`, and `NotFound` for a customer who is erased already.
    """
    with lock_customer(CUSTOMER_BY_KEY, pk=customer.pk, merchant=customer.merchant_id) as held:
        _require_no_file(held)
        person = Person.of_customer(held)
        # Whoever sends holds the connection while answers are noted.
        list(Connection.objects.filter(merchant=held.merchant_id).order_by("pk").select_for_update(no_key=True))
        control.erase_customer(held, actor=actor)
        end_customer(held, actor=actor)
        Erasure.objects.create(merchant=held.merchant, customer=held, identifiers=person.as_json())
        _erase(held, person)


def _require_no_file(customer: Customer) -> None:
    """A file that is imported later would bring the customer back."""
    files = ImportRun.objects.filter(merchant=customer.merchant_id, finished=None)
    if waiting := files.exclude(kind=ImportRun.Kind.PRODUCTS).first():
        name = waiting.file_name
        raise Refused("file_waiting", f"The file “{name}” may hold this customer. Import or discard it first.")


def _erase(customer: Customer, person: Person) -> None:
    """It may be repeated."""
    for trace in TRACES:
        trace.erase(trace.find(person), person)
    now, state = timezone.now(), Delivery.State
    unsent = Delivery.objects.filter(event__customer=customer, state__in=[state.PENDING, *Delivery.FAILED])
    unsent.update(state=state.CANCELED, finished=now)
    # Its new text is told to nobody, so that the old one leads nowhere.
    ActionToken.objects.filter(customer=customer).update(
        nonce=RandomUUID(), revoked_at=Coalesce("revoked_at", Value(now))
    )
    told = SentProfile.objects.filter(customer=customer.pk)
    nothing = {"email": "", "phone_number": "", "remote_id": "", "status": "", "sent_at": None}
    told.exclude(connection__in=open_runs().filter(customer=customer).values("connection")).update(**nothing)
    same = Q(customer=customer) | Q(identifier__in=person.names)
    errors = ProfileError.objects.filter(same, run__merchant=customer.merchant_id)
    for name in person.names:
        errors.update(detail=Replace(F("detail"), Value(name), Value("…")))
    errors.update(identifier="")
    empty_rows(customer)


def open_runs() -> QuerySet[ProfileRun]:
    """Deletions at Klaviyo that are still to come. A connection that was removed can be told nothing."""
    unfinished = ProfileRun.objects.filter(kind=ProfileRun.Kind.ERASURE, finished=None)
    return unfinished.filter(connection__removed_at=None)


def settle() -> None:
    """Each minute: erase what came late."""
    waiting = open_runs().filter(customer=OuterRef("customer"))
    late = Erasure.objects.filter(~Exists(waiting), settled_at=None, at__lt=timezone.now() - LATE)
    for pk in list(late.order_by("at").values_list("pk", flat=True)[:MOST]):
        try:
            _settle(pk)
        except Exception:
            # The others must not wait for it; the next minute tries it again.
            log.exception("erasure %s cannot be settled", pk, extra={"erasure": pk})


def _settle(pk: int) -> None:
    with transaction.atomic():
        rows = Erasure.objects.select_for_update(skip_locked=True, of=("self",)).select_related("customer")
        if erasure := rows.filter(pk=pk, settled_at=None).first():
            _erase(erasure.customer, Person.from_json(erasure.identifiers))
            Erasure.objects.filter(pk=pk).update(settled_at=timezone.now(), identifiers={})
