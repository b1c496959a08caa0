"""The sandbox ESP: it responds as Klaviyo's API to what the portal sends, and returns what it stored."""

from typing import Any

from django.db.models import Max, Min
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from integrations.models import SandboxEvent, SandboxProfile
from integrations.sandbox import bodies, private_keys, queries, resources, store
from integrations.sandbox.faults import MEDIA_TYPE, Fault, error_response, invalid_parameter
from integrations.sandbox.resources import Resource
from subscriptions.models import Merchant

REVISIONS = ("2026-07-15",)


@method_decorator(csrf_exempt, name="dispatch")
class KlaviyoView(View):
    """Finds the merchant by the API key, and returns faults in Klaviyo's format."""

    merchant: Merchant
    http_method_names = ["get", "head", "post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            self.merchant = private_keys.find_key_merchant(request.headers.get("Authorization", ""))
            if request.headers.get("revision") not in REVISIONS:
                raise Fault(400, "invalid", f"The revision header must be one of: {', '.join(REVISIONS)}.")
            return super().dispatch(request, *args, **kwargs)
        except bodies.InvalidBody as invalid:
            return error_response(invalid.faults)
        except Fault as fault:
            return error_response([fault])

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        raise Fault(405, "method_not_allowed", f'Method "{request.method}" not allowed.')

    @property
    def api(self) -> str:
        return self.request.build_absolute_uri(f"{private_keys.PATH}/api")

    def respond_one(self, data: Resource, included: list[Resource] | None = None, status: int = 200) -> HttpResponse:
        more = {} if included is None else {"included": included}
        return _json_response({"data": data, **more, "links": data["links"]}, status)

    def respond_list(
        self, data: list[Resource], following: str | None, included: list[Resource] | None = None
    ) -> HttpResponse:
        here = self.request.build_absolute_uri()
        following = following and self.request.build_absolute_uri(f"{self.request.path}?{following}")
        more = {} if included is None else {"included": included}
        return _json_response({"data": data, **more, "links": {"self": here, "next": following, "prev": None}})

    def metrics(self) -> list[Resource]:
        """Newest first."""
        rows = SandboxEvent.objects.filter(merchant=self.merchant).values("metric")
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


class Events(KlaviyoView):
    def post(self, request: HttpRequest) -> HttpResponse:
        store.store_event(self.merchant, bodies.read_body(request, bodies.EVENT))
        return HttpResponse(status=202)

    def get(self, request: HttpRequest) -> HttpResponse:
        names = {metric["id"]: metric["attributes"]["name"] for metric in self.metrics()}
        by_metric = queries.Filter("metric", queries.EQUALS, lambda text: names.get(text, ""))
        condition = queries.parse_filter(
            request.GET.get("filter", ""), queries.EVENT_FILTERS | {"metric_id": by_metric}
        )
        rows = SandboxEvent.objects.filter(condition, merchant=self.merchant).select_related("profile")
        events, following = queries.EVENT_PAGING.page(rows, request.GET)
        data = [resources.event_resource(event, self.merchant, self.api) for event in events]
        return self.respond_list(data, following, self.included(events))


class OneEvent(KlaviyoView):
    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        rows = SandboxEvent.objects.filter(merchant=self.merchant, public_id=public_id)
        event = rows.select_related("profile").first()
        if event is None:
            raise _not_found("event", public_id)
        return self.respond_one(resources.event_resource(event, self.merchant, self.api), self.included([event]))


class Metrics(KlaviyoView):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.respond_list(self.metrics(), None)


class OneMetric(KlaviyoView):
    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        for metric in self.metrics():
            if metric["id"] == public_id:
                return self.respond_one(metric)
        raise _not_found("metric", public_id)


class Profiles(KlaviyoView):
    def get(self, request: HttpRequest) -> HttpResponse:
        condition = queries.parse_filter(request.GET.get("filter", ""), queries.PROFILE_FILTERS)
        rows = SandboxProfile.objects.filter(condition, merchant=self.merchant)
        profiles, following = queries.PROFILE_PAGING.page(rows, request.GET)
        return self.respond_list([resources.profile_resource(profile, self.api) for profile in profiles], following)


class OneProfile(KlaviyoView):
    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        rows = SandboxProfile.objects.filter(merchant=self.merchant, public_id=public_id)
        profile = rows.first()
        if profile is None:
            raise _not_found("profile", public_id)
        return self.respond_one(resources.profile_resource(profile, self.api))


class ProfileImport(KlaviyoView):
    def post(self, request: HttpRequest) -> HttpResponse:
        profile, created = store.upsert_profile(self.merchant, bodies.read_body(request, bodies.PROFILE))
        return self.respond_one(resources.profile_resource(profile, self.api), status=201 if created else 200)


class Accounts(KlaviyoView):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.respond_list([resources.account_resource(self.merchant, self.api)], None)


class Unknown(KlaviyoView):
    def get(self, request: HttpRequest) -> HttpResponse:
        raise Fault(404, "not_found", "The sandbox has no such endpoint.")

    post = get


def _not_found(kind: str, public_id: str) -> Fault:
    return Fault(404, "not_found", f"A {kind} with id {public_id} does not exist.")


def _json_response(body: dict[str, Any], status: int = 200) -> HttpResponse:
    return JsonResponse(body, status=status, content_type=MEDIA_TYPE)
