"""Klaviyo's requests that read what the sandbox has stored."""

from django.db.models import Max, Min
from django.http import HttpRequest, HttpResponse

from integrations.models import SandboxEvent, SandboxProfile
from integrations.sandbox import endpoints, queries, resources
from integrations.sandbox.errors import invalid_parameter
from integrations.sandbox.klaviyo_view import KlaviyoView, not_found
from integrations.sandbox.private_keys import KLAVIYO
from integrations.sandbox.resources import Resource


class EventView(KlaviyoView):
    def metrics(self) -> list[Resource]:
        """Newest first."""
        rows = SandboxEvent.objects.filter(merchant=self.merchant, integration=KLAVIYO).values("metric")
        seen = rows.annotate(first=Min("received"), last=Max("received")).order_by("-last", "metric")
        return [
            resources.metric_resource(row["metric"], row["first"], row["last"], self.merchant, self.api) for row in seen
        ]

    def included(self, events: list[SandboxEvent]) -> list[Resource] | None:
        """The resources that `include` asks for; None where the query has no `include`."""
        wanted = set(filter(None, self.request.GET.get("include", "").split(",")))
        if unknown := wanted - {"metric", "profile", "attributions"}:
            raise invalid_parameter("include", f"'{min(unknown)}' cannot be included.")
        if not wanted:
            return None
        names = {resources.short_id(self.merchant, event.metric) for event in events}
        profiles = {event.profile_id: event.profile for event in events}
        metrics = [metric for metric in self.metrics() if metric["id"] in names] if "metric" in wanted else []
        people = [resources.profile_resource(profile, self.api) for profile in profiles.values()]
        return metrics + (people if "profile" in wanted else [])


class ListEvents(EventView):
    def get(self, request: HttpRequest) -> HttpResponse:
        names = {metric["id"]: metric["attributes"]["name"] for metric in self.metrics()}
        by_metric = queries.Filter("metric", queries.EQUALS, lambda text: names.get(text, ""))
        condition = queries.parse_filter(
            request.GET.get("filter", ""), queries.EVENT_FILTERS | {"metric_id": by_metric}
        )
        rows = SandboxEvent.objects.filter(condition, merchant=self.merchant, integration=KLAVIYO)
        events, following = queries.EVENT_PAGING.page(rows.select_related("profile"), request.GET)
        data = [resources.event_resource(event, self.merchant, self.api) for event in events]
        return self.respond_list(data, following, self.included(events))


class OneEvent(EventView):
    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        rows = SandboxEvent.objects.filter(merchant=self.merchant, integration=KLAVIYO, public_id=public_id)
        event = rows.select_related("profile").first()
        if event is None:
            raise not_found("event", public_id)
        return self.respond_one(resources.event_resource(event, self.merchant, self.api), self.included([event]))


class Metrics(EventView):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.respond_list(self.metrics(), None)


class OneMetric(EventView):
    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        for metric in self.metrics():
            if metric["id"] == public_id:
                return self.respond_one(metric)
        raise not_found("metric", public_id)


class Profiles(KlaviyoView):
    def get(self, request: HttpRequest) -> HttpResponse:
        condition = queries.parse_filter(request.GET.get("filter", ""), queries.PROFILE_FILTERS)
        rows = SandboxProfile.objects.filter(condition, merchant=self.merchant, integration=KLAVIYO)
        profiles, following = queries.PROFILE_PAGING.page(rows, request.GET)
        return self.respond_list([resources.profile_resource(profile, self.api) for profile in profiles], following)


class OneProfile(KlaviyoView):
    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        rows = SandboxProfile.objects.filter(merchant=self.merchant, integration=KLAVIYO, public_id=public_id)
        profile = rows.first()
        if profile is None:
            raise not_found("profile", public_id)
        return self.respond_one(resources.profile_resource(profile, self.api))


class Accounts(KlaviyoView):
    endpoints = {"GET": endpoints.ACCOUNTS}

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.respond_list([resources.account_resource(self.merchant, self.api)], None)
