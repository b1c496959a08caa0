import pytest
from django.db import IntegrityError, transaction

from subscriptions.models import Effect, GatewaySettings, Merchant, PlacementAttempt
from subscriptions.placement import json_codec, xml_codec
from subscriptions.placement.gateway import take_snapshot, take_snapshots
from subscriptions.placement.http_gateway import HttpGateway
from subscriptions.placement.registry import gateway_of
from subscriptions.placement.simulator import Simulator
from tests.factories import MerchantFactory
from tests.placement.orders import create_live_merchant, create_request
from tests.placement.platform import running_platform

pytestmark = pytest.mark.django_db


def test_a_merchants_orders_use_the_gateway_it_chose():
    request = create_request(create_live_merchant())
    assert gateway_of(request.order) == HttpGateway(xml_codec.XML_CODEC)
    GatewaySettings.objects.update(kind=GatewaySettings.Kind.JSON)
    assert gateway_of(take_snapshot(request.order).order) == HttpGateway(json_codec.JSON_CODEC)
    GatewaySettings.objects.update(kind=GatewaySettings.Kind.SIMULATOR)
    assert isinstance(gateway_of(take_snapshot(request.order).order), Simulator)


@pytest.mark.parametrize("test", ["merchant", "customer"])
def test_merchants_and_test_customers_never_reach_a_live_gateway(settings, test):
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True
    with running_platform() as there:
        request = create_request(create_live_merchant(there.url))
        getattr(request, test).is_test = True
        assert gateway_of(request.order).place(request).effect is Effect.PLACED
    assert there.posts == []


def test_without_a_gateway_orders_wait():
    request = create_request(MerchantFactory(is_test=False))
    answer = gateway_of(request.order).place(request)
    assert answer.effect is Effect.NOT_SENT and "gateway" in answer.message


def test_many_orders_are_read_by_two_queries_in_the_order_asked_for(django_assert_num_queries):
    merchant = create_live_merchant()
    orders = [create_request(merchant).order for _ in range(3)][::-1]
    with django_assert_num_queries(2):
        found = take_snapshots(orders)
        assert [request.key for request in found] == [order.public_id.hex for order in orders]
        assert all(request.customer.live and gateway_of(request.order) for request in found)


def test_the_snapshot_of_an_order_is_not_the_callers_row():
    request = create_request()
    assert take_snapshot(request.order).order is not request.order


def test_a_gateway_needs_an_address_unless_it_is_the_simulator():
    merchant = MerchantFactory()
    with pytest.raises(IntegrityError, match="gateway_has_address"), transaction.atomic():
        GatewaySettings.objects.create(merchant=merchant, kind="xml")
    assert GatewaySettings.objects.create(merchant=merchant, kind="simulator").pk


def test_an_attempt_of_an_order_is_logged_once():
    order = create_request().order
    PlacementAttempt.objects.create(merchant=order.merchant, order=order, tries=1)
    with pytest.raises(IntegrityError, match="placement_attempt_once"), transaction.atomic():
        PlacementAttempt.objects.create(merchant=order.merchant, order=order, tries=1)


def test_a_manual_plan_needs_days():
    with pytest.raises(IntegrityError, match="merchant_manual_retry_days"), transaction.atomic():
        MerchantFactory(retry_plan="manual")
    assert MerchantFactory(retry_plan="manual", retry_days=[2, 5]).pk


@pytest.mark.parametrize("days", [[2, 1], [1, 1], [0], [91]])
def test_invalid_retry_days_are_refused(days):
    with pytest.raises(Exception, match="ascending"):
        Merchant._meta.get_field("retry_days").run_validators(days)
