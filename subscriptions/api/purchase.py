"""The Purchase POST: parses its body, and checks it before it is stored."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import unquote_plus

from django.core.serializers.json import DjangoJSONEncoder
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.parsers import BaseParser

from common.web.json_body import decode_json, remove_unstorable_characters
from subscriptions import calendar
from subscriptions.actions.purchase import JsonObject, line_error
from subscriptions.api.purchase_body import REQUIRED, ProductBody, PurchaseBody
from subscriptions.models import Merchant, Offer

FORM_PREFIX = b"create_request="
ADDRESS_NAMES = ("shipping_address", "billing_address")


class PurchaseRejected(APIException):
    """The request as a whole is refused: `{"error": sentence}`."""

    def __init__(self, sentence: str, status_code: int = 400, code: str = "purchase_invalid") -> None:
        super().__init__({"error": sentence})
        self.status_code = status_code
        self.error_code = code


class PurchaseParser(BaseParser):
    """`create_request=<URL-encoded JSON>` or plain JSON, whatever the content type says."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        # Unlike the stream, the request's own body is limited in size.
        body: bytes = parser_context["request"]._request.body
        try:
            if body.startswith(FORM_PREFIX):
                body = unquote_plus(
                    body[len(FORM_PREFIX) :].partition(b"&")[0].decode("ascii"), errors="strict"
                ).encode()
            # A shopper has paid: a character that cannot be stored is left out rather than refused.
            return remove_unstorable_characters(decode_json(body))
        except ValueError:
            raise PurchaseRejected(
                "The body is neither JSON nor create_request= followed by URL-encoded JSON."
            ) from None


def parse_purchase(merchant: Merchant, data: Any) -> JsonObject:
    """The purchase in the form that `actions.purchase.store_request` stores; `data` is JSON.

    Raises `PurchaseRejected` for errors of the request as a whole, and `ValidationError` by object for the rest. Errors
    of single lines are returned under `errors`, and raise only if they leave no line for a subscription.
    """
    body = PurchaseBody(data=data, context={"merchant": merchant})
    if not body.is_valid():
        raise _error_of_body(body.errors)
    given = body.validated_data
    lines, errors = _parse_lines(merchant, given["products"])
    if errors["subscriptions"] and not lines:
        raise ValidationError(errors)
    user = dict(given["user"])
    addresses = {name: user.pop(name) for name in ADDRESS_NAMES}
    if lines:
        _require_parts({"shipping_address": addresses["shipping_address"], "payment": given["payment"]})
    details = {name: given[name] for name in ("merchant_order_id", "session_id", "payment")}
    purchase = details | addresses | {"user": user, "lines": lines, "errors": errors}
    as_json: JsonObject = json.loads(json.dumps(purchase, cls=DjangoJSONEncoder))
    return as_json


def _error_of_body(errors: dict[str, Any]) -> APIException:
    """The exception for `errors`: about the request as a whole if any of them is, otherwise about its objects."""
    for name, messages in errors.items():
        if name not in ("user", "payment") or not isinstance(messages, dict) or "non_field_errors" in messages:
            return PurchaseRejected(f"{name}: {_first_sentence(messages)}")
    objects = dict(errors)
    user = dict(objects.pop("user", {}))
    of_user = {name: user.pop(name) for name in ("user_id", *ADDRESS_NAMES) if name in user}
    return ValidationError(of_user | ({"customer": user} if user else {}) | objects)


def _first_sentence(errors: Any) -> str:
    while not isinstance(errors, str):
        errors = next(iter(errors.values() if isinstance(errors, dict) else errors))
    return errors


def _require_parts(parts: dict[str, Any]) -> None:
    missing = {name: [REQUIRED] for name, part in parts.items() if part is None}
    if missing:
        raise ValidationError(missing)


def _parse_lines(merchant: Merchant, products: list[dict[str, Any]]) -> tuple[list[JsonObject], JsonObject]:
    """The lines that ask for a subscription, and the errors of invalid lines."""
    lines: list[JsonObject] = []
    errors: JsonObject = {"products": [], "subscriptions": []}
    for product in products:
        try:
            line = _parse_line(merchant, product)
        except ValidationError as error:
            name = product.get("product")
            if product.get("subscription_info"):
                errors["subscriptions"].append(line_error(name, error.detail))
            else:
                errors["products"].append({"product": name, "purchase": error.detail})
            continue
        lines += [line] if line else []
    return lines, errors


def _parse_line(merchant: Merchant, given: dict[str, Any]) -> JsonObject | None:
    """None for a line without a frequency: it was bought once, and must not start a subscription by accident."""
    body = ProductBody(data=given)
    if not body.is_valid():
        raise ValidationError(dict(_flatten_errors(body.errors)))
    bought = body.validated_data
    info = dict(bought["subscription_info"] or {})
    override = info.pop("tracking_override", None) or {}
    if override.get("every") is None and override.get("every_period") is None:
        return None
    _require_parts({name: override[name] for name in ("every", "every_period")} | {"quantity": info["quantity"]})
    line: JsonObject = info | override | {"product": override["product"] or bought["product"]}
    _check_references(merchant, line["product"], line["offer"])
    if line.pop("subscription_type") == "prepaid":
        _require_parts({"prepaid_orders_per_billing": line["prepaid_orders_per_billing"]})
    grantees = bought["grantees"] or (bought["purchase_info"] or {}).get("grantees", [])
    return line | {"first_order_place_date": _first_order_date(merchant, line), "grantees": grantees}


def _check_references(merchant: Merchant, product: str, offer: Any) -> None:
    if not merchant.products.filter(external_product_id=product).exists():
        raise ValidationError({"product": ["There is no such product."]})
    if offer and not Offer.objects.filter(merchant=merchant, public_id=offer).exists():
        raise ValidationError({"offer": ["There is no such offer."]})


def _first_order_date(merchant: Merchant, line: JsonObject) -> Any:
    """The day in the line, or the offset from today; None leaves the date to the frequency."""
    offset = line.pop("initial_order_offset_days")
    if line["first_order_place_date"] or offset is None:
        return line["first_order_place_date"]
    return calendar.today(merchant.time_zone) + timedelta(days=offset)


def _flatten_errors(errors: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The sentences of each field, without the names of the objects around it."""
    for name, messages in errors.items():
        if isinstance(messages, dict):
            yield from _flatten_errors(messages)
        else:
            yield name, messages
