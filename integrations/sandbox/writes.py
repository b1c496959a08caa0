"""Klaviyo's requests that change something: events and profiles, one or many, and erasure."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from integrations.sandbox import endpoints, reads, resources
from integrations.sandbox.bodies import LARGEST_PROFILE, read_body
from integrations.sandbox.errors import ApiError
from integrations.sandbox.klaviyo_view import KlaviyoView
from integrations.sandbox.private_keys import KLAVIYO
from integrations.sandbox.profiles import Wanted, upsert_profiles
from integrations.sandbox.schemas import MOST_EVENTS
from integrations.sandbox.store import Received, erase_profile, refuse_unstorable_text, store_events


class Events(reads.ListEvents):
    endpoints = {"POST": endpoints.CREATE_EVENT}

    def post(self, request: HttpRequest) -> HttpResponse:
        attributes = read_body(request, "event")["attributes"]
        profile = Wanted.from_data(attributes["profile"]["data"])
        received = Received(profile, [("/data/attributes", attributes)])
        store_events(self.merchant, [received], refuse_repeats=self.refuses_repeats)
        return HttpResponse(status=202)


class BulkEvents(KlaviyoView):
    endpoints = {"POST": endpoints.BULK_EVENTS}

    def post(self, request: HttpRequest) -> HttpResponse:
        entries = read_body(request, "bulk events")["attributes"]["events-bulk-create"]["data"]
        received = [received_events(index, entry["attributes"]) for index, entry in enumerate(entries)]
        if sum(len(each.attributes) for each in received) > MOST_EVENTS:
            pointer = "/data/attributes/events-bulk-create/data"
            raise ApiError(400, "invalid", f"There are more than {MOST_EVENTS} events.", {"pointer": pointer})
        store_events(self.merchant, received, refuse_repeats=self.refuses_repeats)
        return HttpResponse(status=202)


def received_events(index: int, attributes: dict[str, Any]) -> Received:
    here = f"/data/attributes/events-bulk-create/data/{index}/attributes/events/data"
    events = attributes["events"]["data"]
    return Received(
        Wanted.from_data(attributes["profile"]["data"]),
        [(f"{here}/{number}/attributes", event["attributes"]) for number, event in enumerate(events)],
    )


class UpsertProfile(KlaviyoView):
    endpoints = {"POST": endpoints.UPSERT_PROFILE}

    def post(self, request: HttpRequest) -> HttpResponse:
        wanted = Wanted.from_data(read_body(request, "profile", LARGEST_PROFILE), strict=True)
        with refuse_unstorable_text(), transaction.atomic():
            batch = upsert_profiles(self.merchant, KLAVIYO, [wanted])
        [profile] = batch.found
        if isinstance(profile, ApiError):
            raise profile
        status = 201 if batch.new else 200
        return self.respond_one(resources.profile_resource(profile, self.api), status=status)


class Erasure(KlaviyoView):
    endpoints = {"POST": endpoints.ERASURE}

    def post(self, request: HttpRequest) -> HttpResponse:
        erase_profile(self.merchant, read_body(request, "deletion")["attributes"]["profile"]["data"])
        return HttpResponse(status=202)


class Unknown(KlaviyoView):
    def get(self, request: HttpRequest) -> HttpResponse:
        raise ApiError(404, "not_found", "The sandbox has no such endpoint.")

    post = get
