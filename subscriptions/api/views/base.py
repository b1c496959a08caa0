"""What the views share: the caller and the rows they may see, lists, single objects and idempotent writes."""

from collections.abc import Callable
from typing import Any, cast

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.generics import GenericAPIView, ListAPIView, RetrieveAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from common.web.json_body import decode_json
from common.web.public_ids import parse_public_id
from subscriptions.actions.core import ActionContext
from subscriptions.api import authentication, errors, idempotency, pagination
from subscriptions.api.filters import NO, YES
from subscriptions.api.schema import Failure, Schema


class OnlyJson(DefaultContentNegotiation):
    """Answers in JSON whatever `Accept` says: there is nothing else, and a 406 would help nobody."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class JsonParser(JSONParser):
    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            # Unlike the stream, the request's own body is limited in size.
            return decode_json(parser_context["request"]._request.body)
        except ValueError as error:
            raise ParseError(f"JSON parse error - {error}") from None


class View(GenericAPIView[Any]):
    """`scopes` are the kinds of credential that may call; `flags` are the query booleans and what they do.

    `failures` describes, by status, the errors that differ from those of other views.
    """

    schema = Schema()
    authentication_classes = authentication.AUTHENTICATORS
    permission_classes = [authentication.MayCall]
    content_negotiation_class = OnlyJson
    parser_classes = [JsonParser]
    renderer_classes = [JSONRenderer]
    filter_backends = []
    scopes = "A"
    flags: dict[str, str] = {}
    failures: dict[str, Failure] = {}

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response | None]:
        return errors.handle_exception

    @property
    def credential(self) -> authentication.Credential | None:
        """The caller; None while drf-spectacular describes the view."""
        return authentication.credential_of(self.request) if getattr(self, "request", None) else None

    @property
    def caller(self) -> authentication.Credential:
        """The caller, once the permissions are checked."""
        return cast(authentication.Credential, self.credential)

    def get_queryset(self) -> QuerySet[Any]:
        credential = self.credential
        rows = super().get_queryset()
        return credential.visible_rows(rows) if credential else rows.none()

    def get_serializer_context(self) -> dict[str, Any]:
        context = dict(super().get_serializer_context())
        if self.credential is None:
            return context
        options = {name: query_boolean(self.request, name) for name in self.flags}
        return context | {"merchant": self.credential.merchant, "options": options}

    @property
    def default_response_headers(self) -> dict[str, str]:
        return {**super().default_response_headers, "Cache-Control": "no-store"}


def query_boolean(request: Request, name: str) -> bool:
    value = request.query_params.get(name, "")
    if value and value not in YES + NO:
        raise ValidationError({name: ["Give true or false."]})
    return value in YES


class ListView(View, ListAPIView[Any]):
    """`across`: the list is one across customers, which not every API key may read as a whole."""

    across = True
    filter_backends = [DjangoFilterBackend, pagination.Ordering]
    pagination_class = pagination.Pages
    orderings: dict[str, str] = {}
    default_order = ("-created", "public_id")

    def get_permissions(self) -> list[Any]:
        return [*super().get_permissions()] + ([authentication.MayListAll()] if self.across else [])

    @property
    def paginator(self) -> pagination.Pages | pagination.Cursors:
        if not hasattr(self, "_paginator"):
            # The links of cursor mode work without the header, too.
            by_cursor = self.request.headers.get("x-og-api-version") == "2" or "cursor" in self.request.query_params
            self._paginator = pagination.Cursors() if by_cursor else pagination.Pages()
        return self._paginator


class ObjectView(View):
    lookup_field = "public_id"
    lookup_url_kwarg = "id"

    def get_object(self) -> Any:
        given = self.kwargs["id"]
        if "\0" in given or (self.lookup_field == "public_id" and not parse_public_id(given)):
            raise Http404
        return super().get_object()


class DetailView(ObjectView, RetrieveAPIView[Any]):
    pass


class ActionView(ObjectView):
    """PATCH: checks the body by `body`, performs the action, and answers with the whole object as it then is."""

    http_method_names = ["patch"]
    body: type[Any]

    def perform(self, row: Any, **inputs: Any) -> ActionContext[Any]:
        raise NotImplementedError

    def patch(self, request: Request, **_: str) -> Response | HttpResponse:
        return idempotency.answer_once(request, self.answer, self.handle_exception)

    def answer(self) -> Response:
        row = self.get_object()
        body = self.body(data=self.request.data)
        body.is_valid(raise_exception=True)
        self.perform(row, actor=self.caller.actor, **body.validated_data)
        return Response(self.get_serializer(self.get_queryset().get(pk=row.pk)).data)
