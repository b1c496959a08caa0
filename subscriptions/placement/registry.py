"""Which gateway an order goes to."""

from subscriptions.models import GatewaySettings, Merchant, Order
from subscriptions.placement.gateway import Gateway
from subscriptions.placement.http_gateway import HttpGateway, NoGateway
from subscriptions.placement.json_codec import JSON_CODEC
from subscriptions.placement.simulator import Simulator
from subscriptions.placement.xml_codec import XML_CODEC

GATEWAYS: dict[str, Gateway] = {
    GatewaySettings.Kind.XML: HttpGateway(XML_CODEC),
    GatewaySettings.Kind.JSON: HttpGateway(JSON_CODEC),
    GatewaySettings.Kind.SIMULATOR: Simulator(),
}


def places_for_real(merchant: Merchant) -> bool:
    """Whether orders reach a platform; those of test customers never do."""
    gateway: GatewaySettings | None = getattr(merchant, "gateway", None)
    return not merchant.is_test and gateway is not None and gateway.kind != GatewaySettings.Kind.SIMULATOR


def gateway_of(order: Order) -> Gateway:
    """The gateway that the merchant has set up; always the simulator for a test merchant or test customer."""
    if order.merchant.is_test or order.customer.is_test:
        return GATEWAYS[GatewaySettings.Kind.SIMULATOR]
    settings: GatewaySettings | None = getattr(order.merchant, "gateway", None)
    return GATEWAYS[settings.kind] if settings else NoGateway()
