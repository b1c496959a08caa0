"""What the views share: the caller and the rows they may see, lists, single objects and idempotent writes."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, cast

from django.db.models import QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from common.web.json_body import decode_json
from common.web.public_ids import parse_public_id
from common.web.replica_reads import reads_replica
from subscriptions.actions.core import ActionContext
from subscriptions.actions.customer_lock import hold_customer
from subscriptions.api import authentication, errors, etags, idempotency, pagination
from subscriptions.api.bodies.shared import ApiBody
from subscriptions.api.failures import Failure
from subscriptions.api.filters import BOOLEAN_HINT, NO, YES
from subscriptions.api.schema import Schema
from subscriptions.api.storefront import StorefrontAuthentication
from subscriptions.importing.importer import lock_merchant
from subscriptions.models import Customer, Item


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
    """`scopes` are the kinds of credential that may call, and `write_scopes` those that may write, if they differ.

    `read_right` and `write_right` are the rights that a GET and any other method require of an API key.

    `flags` are the query booleans and what they do.

    `failures` describes, by status, the errors that differ from those of other views. `missing` is the body of a 404.
    `refusal_fields` names, by the code of a refusal, the field under which clients look for it; what it lacks is in
    `errors.FIELDS_OF_REFUSALS`.

    `tagged` answers have an ETag; `condition` is the header that makes the call depend on one.
    """

    schema = Schema()
    authentication_classes = [authentication.ApiKeyAuthentication, StorefrontAuthentication]
    permission_classes = [authentication.MayCall]
    content_negotiation_class = OnlyJson
    parser_classes = [JsonParser]
    renderer_classes = [JSONRenderer]
    filter_backends = []
    scopes = "A"
    write_scopes = ""
    read_right = "read"
    write_right = "write"
    flags: dict[str, str] = {}
    failures: dict[str, Failure] = {}
    missing = errors.MISSING
    refusal_fields: dict[str, str] = {}
    success_status = 200
    tagged = False
    answers_nothing = False
    condition = ""

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
        options = {name: self.shows(name) for name in self.flags}
        return context | {"merchant": self.credential.merchant, "options": options}

    def shows(self, flag: str) -> bool:
        return flag in self.flags and self.credential is not None and query_boolean(self.request, flag)

    @property
    def default_response_headers(self) -> dict[str, str]:
        return {**super().default_response_headers, "Cache-Control": "no-store"}


def query_boolean(request: Request, name: str) -> bool:
    value = request.query_params.get(name, "")
    if value and value not in YES + NO:
        raise ValidationError({name: [BOOLEAN_HINT]})
    return value in YES


class OwnFilters(DjangoFilterBackend):
    """The filters of a list. A storefront signature shows one customer's rows, whatever filters name another one."""

    def get_filterset_kwargs(self, request: Request, queryset: QuerySet[Any], view: Any) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_filterset_kwargs(request, queryset, view)
        credential = authentication.credential_of(request)
        if credential and credential.customer is not None:
            ignored = ("customer", "email", "merchant_user_id")
            kept = [(name, kwargs["data"].getlist(name)) for name in kwargs["data"] if name not in ignored]
            kwargs["data"] = QueryDict(mutable=True)
            for name, values in kept:
                kwargs["data"].setlist(name, values)
        return kwargs


@reads_replica
class ListView(View, ListAPIView[Any]):
    """`across`: the list is one across customers, which not every API key may read as a whole.

    `times` are the columns of filters by time: a list with such a bound goes by that time unless `ordering` is given.
    """

    across = True
    largest_page = pagination.MAX_PAGE_SIZE
    filter_backends = [OwnFilters, pagination.Ordering]
    pagination_class = pagination.Pages
    orderings: dict[str, str] = {}
    times: dict[str, str] = {}
    default_order = ("-created", "public_id")

    def status_column(self, rows: QuerySet[Any]) -> str | None:
        """The column of the filter `status` in the index that `rows` go by."""
        return None

    def get_permissions(self) -> list[Any]:
        return [*super().get_permissions()] + ([authentication.MayListAll()] if self.across else [])

    @property
    def paginator(self) -> pagination.Pages | pagination.Cursors:
        if not hasattr(self, "_paginator"):
            # The links of cursor mode work without the header, too.
            by_cursor = self.request.headers.get("x-og-api-version") == "2" or "cursor" in self.request.query_params
            self._paginator = pagination.Cursors() if by_cursor else pagination.Pages()
            self._paginator.largest_page = self.largest_page
        return self._paginator


class ObjectView(View):
    lookup_field = "public_id"
    lookup_url_kwarg = "id"

    def get_object(self) -> Any:
        given = self.kwargs["id"]
        if "\0" in given or (self.lookup_field == "public_id" and not parse_public_id(given)):
            raise Http404
        return super().get_object()

    def answer_object(self, row: Any, status: int = 200) -> Response:
        """The whole object as it is now, with its ETag; as it was last, if the change has removed it."""
        return self.write_object(self.get_queryset().filter(pk=row.pk).first() or self.last_state(row), status)

    def write_object(self, row: Any, status: int = 200) -> Response:
        data = self.get_serializer(row).data
        return Response(data, status=status, headers={"ETag": etags.entity_tag(data)})

    def lock_row(self, row: Any) -> AbstractContextManager[Any]:
        """Inside the block, nobody else changes `row`."""
        owner = customer_key(row)
        if owner is None:
            return lock_merchant(self.caller.merchant)
        return hold_customer(owner, self.caller.merchant.pk)

    def last_state(self, row: Any) -> Any:
        """`row`, read before the change that removed it, as it was at its end."""
        return row

    @contextmanager
    def unchanged_row(self, row: Any) -> Iterator[None]:
        """Inside the block, the object still has the ETag of `If-Match`. Raises `Conflict` (412) if it has changed."""
        if not etags.has_condition(self.request):
            yield
            return
        # Locked before it is compared, so that nothing can change it between comparison and action.
        with self.lock_row(row):
            if not etags.is_expected(self.request, self.answer_object(row)["ETag"]):
                raise errors.Conflict(412, "precondition_failed", "This object has changed; read it again.")
            yield


class DetailView(ObjectView):
    http_method_names = ["get", "head", "options"]
    tagged = True

    def get(self, request: Request, **_: str) -> Response:
        answer = self.write_object(self.get_object())
        return Response(status=304, headers=answer.headers) if etags.is_known(request, answer["ETag"]) else answer


class WriteView(View):
    """Checks the body by `body` and answers with what `write` returns; a repeated request gets the same answer."""

    body: type[Any]

    def post(self, request: Request, **_: str) -> Response | HttpResponse:
        return idempotency.answer_once(request, self.answer, self.handle_exception)

    patch = delete = post

    def answer(self) -> Response:
        raise NotImplementedError

    def read_body(self, owner: int | None = None) -> dict[str, Any]:
        """The checked inputs. `owner` is the key of the customer whose payments and addresses they may name."""
        context = {"credential": self.caller, "merchant": self.caller.merchant, "owner": owner}
        body = self.body(data=self.request.data, context=context)
        body.is_valid(raise_exception=True)
        read: dict[str, Any] = body.validated_data
        return read


class CreateView(WriteView, ObjectView):
    """POST: creates a row and answers with the whole object."""

    http_method_names = ["post", "options"]
    tagged = True

    def create(self, inputs: dict[str, Any]) -> Any:
        """The new row."""
        raise NotImplementedError

    def answer(self) -> Response:
        return self.answer_object(self.create(self.read_body()), self.success_status)


class ActionView(WriteView, ObjectView):
    """PATCH: performs `verb`, an action, on the row, and answers with the whole object as it then is.

    The fields of `body` have the names of the action's inputs as their `source`.
    """

    http_method_names = ["patch", "options"]
    tagged = True
    condition = "If-Match"
    body: type[Any] = ApiBody
    verb: Callable[..., ActionContext[Any]]

    def perform(self, row: Any, **inputs: Any) -> ActionContext[Any] | None:
        return type(self).verb(row, actor=self.caller.actor, **inputs)

    def answer(self) -> Response:
        row = self.get_object()
        inputs = self.read_body(owner=customer_key(row))
        with self.unchanged_row(row):
            self.perform(row, **inputs)
        return self.answer_object(row, self.success_status)


class FieldsView(ActionView):
    """PATCH of an object whose fields have actions of their own; `changes` names them. All that is sent is changed."""

    changes: dict[str, Callable[..., ActionContext[Any]]]

    def perform(self, row: Any, **inputs: Any) -> None:
        # The action of one field may refuse; then none of the others may have happened.
        with self.lock_row(row):
            for name, value in inputs.items():
                self.changes[name](row, actor=self.caller.actor, **{name: value})


def customer_key(row: Any) -> int | None:
    """The key of the customer whose lock protects `row`; None for what belongs to the merchant."""
    if isinstance(row, Customer):
        return row.pk
    owner: int | None = row.order.customer_id if isinstance(row, Item) else getattr(row, "customer_id", None)
    return owner
