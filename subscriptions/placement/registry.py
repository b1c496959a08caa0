"""Which gateway an order goes to."""

from subscriptions.models import GatewaySettings, Order
from subscriptions.placement import json_codec, xml_codec
from subscriptions.placement.gateway import Gateway
from subscriptions.placement.http_gateway import HttpGateway, NoGateway
from subscriptions.placement.simulator import Simulator

GATEWAYS: dict[str, Gateway] = {
    GatewaySettings.Kind.XML: HttpGateway(xml_codec.XML_CODEC),
    GatewaySettings.Kind.JSON: HttpGateway(json_codec.JSON_CODEC),
    GatewaySettings.Kind.SIMULATOR: Simulator(),
}


def gateway_of(order: Order) -> Gateway:
    """The gateway of the order's merchant; for a test merchant or a test customer the simulator, whatever is set."""
    if order.merchant.is_test or order.customer.is_test:
        return GATEWAYS[GatewaySettings.Kind.SIMULATOR]
    settings: GatewaySettings | None = getattr(order.merchant, "gateway", None)
    return GATEWAYS[settings.kind] if settings else NoGateway()
