"""The Purchase POST: parses its body, and checks it before it is stored."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.parsers import BaseParser

from common.web.json_body import decode_json, remove_unstorable_characters
from common.web.public_ids import parse_public_id
from subscriptions import calendar
from subscriptions.actions.purchase import JsonObject, line_error
from subscriptions.api.opt_ins import find_product, join_opt_ins, wants_subscription
from subscriptions.api.purchase_body import REQUIRED, LineBody, PurchaseBody
from subscriptions.api.purchase_form import FORM_PREFIX, decode_form
from subscriptions.models import Merchant, Offer, Subscription

NO_LINE = "No line of products[] is left for the opt-in to this product."
NO_OFFER = "There is no such offer; the subscription starts without it."
LEAST_PREPAID = 2  # orders that a prepaid subscription is billed for at once
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
        is_form = body.startswith(FORM_PREFIX)
        try:
            value = decode_form(body[len(FORM_PREFIX) :]) if is_form else decode_json(body)
            # A shopper has paid: a character that cannot be stored is left out rather than refused.
            return remove_unstorable_characters(value)
        except (ValueError, RecursionError):
            raise PurchaseRejected(
                "The body is neither JSON nor create_request= followed by URL-encoded JSON."
            ) from None


def parse_purchase(merchant: Merchant, data: Any) -> JsonObject:
    """The purchase in the form that `actions.checkout_requests.store_request` stores; `data` is JSON.

    Raises `PurchaseRejected` for errors of the request as a whole, and `ValidationError` by object for the rest. Errors
    of single lines are returned under `errors`, and raise only if they leave no line for a subscription.
    """
    body = PurchaseBody(data=data, context={"merchant": merchant})
    if not body.is_valid():
        raise _error_of_body(body.errors)
    given = body.validated_data
    lines, errors = _parse_lines(merchant, given["products"], given["tracking"])
    if errors["subscriptions"] and not lines:
        raise ValidationError(errors)
    user = dict(given["user"])
    addresses = {name: user.pop(name) for name in ADDRESS_NAMES}
    if lines:
        _require_parts({"shipping_address": addresses["shipping_address"], "payment": given["payment"]})
    details = {name: given[name] for name in ("merchant_order_id", "session_id", "payment")}
    details["session_id"] = given["session_id"] or next((s for line in lines if (s := line["session_id"])), None)
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


def _parse_lines(
    merchant: Merchant, products: list[JsonObject], opt_ins: list[JsonObject]
) -> tuple[list[JsonObject], JsonObject]:
    """The lines that ask for a subscription, and the errors of invalid lines and of opt-ins without a line."""
    lines: list[JsonObject] = []
    errors: JsonObject = {"products": [], "subscriptions": []}
    joined, without_line = join_opt_ins(products, opt_ins)
    for product, is_opted_in in joined:
        try:
            line = _parse_line(merchant, product, is_opted_in)
        except ValidationError as error:
            name = product.get("product")
            if product.get("subscription_info"):
                errors["subscriptions"].append(line_error(name, error.detail))
            else:
                errors["products"].append({"product": name, "purchase": error.detail})
            continue
        if line is None:
            continue
        lines.append(line)
        offer = _find_offer(merchant, line["offer"])
        if line["offer"] and offer is None:
            # The shopper has paid for a subscription, with or without a discount on later orders.
            errors["subscriptions"].append(line_error(line["product"], {"offer": [NO_OFFER]}))
        line["offer"] = offer and offer.public_id.hex
    errors["subscriptions"] += [line_error(find_product(opt_in), {"product": [NO_LINE]}) for opt_in in without_line]
    return lines, errors


def _parse_line(merchant: Merchant, given: JsonObject, is_opted_in: bool) -> JsonObject | None:
    """None for a line without a frequency: it was bought once, and must not start a subscription by accident."""
    is_wanted = is_opted_in or wants_subscription(given)
    # What else a shop says of a line that was bought once is not for us to judge.
    read = given if is_wanted else {name: value for name, value in given.items() if name == "product"}
    body = LineBody(data=read, context={"merchant": merchant})
    if not body.is_valid():
        raise ValidationError(dict(_flatten_errors(body.errors)))
    if not is_wanted:
        return None
    bought = body.validated_data
    info, purchase_info = dict(bought["subscription_info"] or {}), bought["purchase_info"] or {}
    override = info.pop("tracking_override", None) or {}
    _require_parts({name: override.get(name) for name in ("every", "every_period")})
    line: JsonObject = info | override | {"product": override["product"] or bought["product"]}
    line["quantity"] = info["quantity"] or purchase_info.get("quantity") or 1
    if not merchant.products.filter(external_product_id=line["product"]).exists():
        raise ValidationError({"product": ["There is no such product."]})
    grantees = bought["grantees"] or purchase_info.get("grantees", [])
    first_date = _first_order_date(merchant, line)
    return line | _prepaid_terms(line) | {"first_order_place_date": first_date, "grantees": grantees}


def _find_offer(merchant: Merchant, text: str | None) -> Offer | None:
    public_id = parse_public_id(text or "", any_spelling=True)
    return merchant.offers.filter(public_id=public_id).first() if public_id else None


def _prepaid_terms(line: JsonObject) -> JsonObject:
    """A line for one order at a time is no prepaid one, whatever its type says."""
    orders, renewal = line["prepaid_orders_per_billing"], (line["renewal_behavior"] or "").lower()
    if (line["subscription_type"] or "").lower() == "prepaid":
        _require_parts({"prepaid_orders_per_billing": orders})
    if orders is None or orders < LEAST_PREPAID:
        return {"prepaid_orders_per_billing": None, "renewal_behavior": Subscription.Renewal.AUTORENEW}
    if renewal and renewal not in Subscription.Renewal.values:
        raise ValidationError({"renewal_behavior": [f"Value '{line['renewal_behavior']}' is not a valid choice."]})
    return {"renewal_behavior": renewal or Subscription.Renewal.AUTORENEW}


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
