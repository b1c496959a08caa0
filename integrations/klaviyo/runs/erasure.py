"""The deletion of a customer's profile at Klaviyo. Staff have blocked the customer before."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from integrations.base import Answer, Road
from integrations.esp.calls import answer_of
from integrations.klaviyo import answers, bodies, client
from integrations.klaviyo.runs import control, import_jobs
from integrations.klaviyo.runs.run_kind import Item, RunKind
from integrations.klaviyo.runs.status import NO_ADDRESS, find_identifier
from integrations.models import ImportJob, ProfileRun, SentProfile

PATH = "/api/data-privacy-deletion-jobs"


class Erasure(RunKind):
    road = Road("data-privacy-deletion-jobs", per_second=2, per_minute=48)
    most = 1
    scopes = "full access to data privacy"

    def blocked_until(self, run: ProfileRun) -> datetime | None:
        """An import that Klaviyo is still working through would make the profile again."""
        jobs = ImportJob.objects.filter(run__connection=run.connection, state=ImportJob.State.OPEN)
        return timezone.now() + import_jobs.EACH if jobs.exists() else None

    def read_items(self, run: ProfileRun, limit: int) -> list[Item]:
        customer = run.customer
        if customer is None or run.cursor >= customer.pk or run.errors.exists():
            return []
        told = SentProfile.objects.filter(connection=run.connection, customer=customer).first()
        identifier = (told and (told.email or told.phone_number)) or find_identifier(customer, None)
        return [Item(customer.pk, customer.pk, identifier, fault="" if identifier else NO_ADDRESS)]

    def send(self, run: ProfileRun, items: Sequence[Item]) -> Answer:
        (item,) = items
        name = "email" if "@" in item.identifier else "phone_number"
        profile = {"type": "profile", "attributes": {name: item.identifier}}
        job = {"type": "data-privacy-deletion-job", "attributes": {"profile": {"data": profile}}}
        content = bodies.encode_json({"data": job})
        return answer_of(lambda: client.call_api(run.connection, "POST", PATH, content), answers.read_reply)

    def note(self, run: ProfileRun, items: Sequence[Item], answer: Answer) -> None:
        """Only that nothing more may be sent is kept of what Klaviyo was told."""
        assert run.customer
        (item,) = items
        same = Q(customer__in=control.customers_of_person(run.customer)) | Q(email=item.identifier)
        told = SentProfile.objects.filter(same, connection=run.connection).exclude(erased_at=None)
        told.update(email="", phone_number="", remote_id="", status="", sent_at=None)
