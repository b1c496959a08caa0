"""The acts of agents. However one ends, the answer is an `ActionResult`, but for errors of the caller's set-up."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.gladly.acts import cancel_subscription, skip_order
from integrations.gladly.agents import SWITCHED_OFF, AgentRequest, Declined, Done, Why
from integrations.gladly.api.base import GladlyView
from integrations.gladly.api.objects import action_result
from integrations.gladly.enabled_actions import enabled_actions
from integrations.models import AgentAction
from subscriptions.api.bodies.shared import ApiBody
from subscriptions.api.errors import handle_exception
from subscriptions.api.views.base import WriteView

STATUSES = {Why.INVALID: 400, Why.UNKNOWN: 404, Why.NOT_ALLOWED: 409, Why.LATER: 409}


def optional_text() -> serializers.CharField:
    return serializers.CharField(required=False, allow_null=True, allow_blank=True)


class CancelBody(ApiBody):
    cancel_reason_code = optional_text()
    cancel_reason_details = optional_text()


class SkipBody(ApiBody):
    subscription = serializers.CharField()


class ActView(GladlyView, WriteView):
    """`failure` is the headline of a refusal."""

    http_method_names = ["patch"]
    action: AgentAction
    failure = ""

    def patch(self, request: Request, **_: str) -> Response:
        # Repeated acts do nothing twice, so no Idempotency-Key is needed.
        agent = AgentRequest(self.caller.merchant, request.headers.get("Gladly-Correlation-Id", ""))
        inputs = self.read_body()
        if self.action not in enabled_actions(agent.merchant):
            raise Declined(Why.NOT_ALLOWED, SWITCHED_OFF)
        done = self.act(agent, self.kwargs["id"], inputs)
        return Response(action_result(done.message, done.detail))

    def act(self, agent: AgentRequest, public_id: str, inputs: dict[str, Any]) -> Done:
        raise NotImplementedError

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response | None]:
        return self.answer_failure

    def answer_failure(self, error: Exception, context: dict[str, Any]) -> Response | None:
        match error:
            case Declined():
                status, sentences = STATUSES[error.why], [error.sentence]
            case ValidationError():
                status, sentences = 400, _sentences(error.detail)
            case ParseError():
                status, sentences = 400, [str(error.detail)]
            case _:
                return handle_exception(error, context)
        return Response(action_result(self.failure, " ".join(sentences), sentences), status=status)


class CancelSubscription(ActView):
    action = AgentAction.CANCEL
    failure = "Subscription not cancelled"
    body = CancelBody

    def act(self, agent: AgentRequest, public_id: str, inputs: dict[str, Any]) -> Done:
        code, details = inputs.get("cancel_reason_code"), inputs.get("cancel_reason_details")
        return cancel_subscription(agent, public_id, code=code or "", details=details or "")


class SkipSubscription(ActView):
    action = AgentAction.SKIP
    failure = "Next order not skipped"
    body = SkipBody

    def act(self, agent: AgentRequest, public_id: str, inputs: dict[str, Any]) -> Done:
        return skip_order(agent, inputs["subscription"], public_id)


def _sentences(detail: Any, name: str = "") -> list[str]:
    """The messages of a refused body, each after the name of its field."""
    if isinstance(detail, dict):
        return [text for key, value in detail.items() for text in _sentences(value, key)]
    if isinstance(detail, list):
        return [text for value in detail for text in _sentences(value, name)]
    return [f"{name}: {detail}"]
