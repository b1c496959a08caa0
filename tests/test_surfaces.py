"""The watch over all tests reports a surface that writes by itself, and lets actions and factories write."""

import ast
from pathlib import Path

import pytest

from subscriptions.actions.subscription import cancel
from subscriptions.models import Subscription
from tests import surfaces
from tests.factories import STAFF, subscription_with_order

ROGUE = """
def write(subscription):
    subscription.save()
    type(subscription).objects.filter(pk=subscription.pk).update(quantity=7)
"""
NAMES = {model.__name__ for model in surfaces.DOMAIN}
WRITES = {"save", "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}


@pytest.mark.django_db
@pytest.mark.parametrize("folder", surfaces.SURFACES)
def test_a_write_by_a_surface_is_reported(folder):
    subscription = subscription_with_order()
    rogue: dict = {}
    exec(compile(ROGUE, f"{folder}rogue.py", "exec"), rogue)
    rogue["write"](subscription)
    assert len(surfaces.found_writes) == 2 and "subscriptions_subscription" in surfaces.found_writes[0]
    surfaces.found_writes.clear()


@pytest.mark.django_db
def test_an_action_called_by_a_surface_may_write():
    subscription = subscription_with_order()
    called: dict = {"cancel": cancel, "STAFF": STAFF}
    exec(compile("def call(s): cancel(s, actor=STAFF)", f"{surfaces.SURFACES[0]}view.py", "exec"), called)
    called["call"](subscription)
    assert not Subscription.objects.get().live
    assert surfaces.found_writes == []


def test_no_surface_contains_a_write_of_customer_data():
    files = [
        file for folder in surfaces.SURFACES for file in Path(folder).rglob("*.py") if "migrations" not in str(file)
    ]
    assert len(files) > 50
    written = [
        f"{file}:{node.lineno}"
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES
        if NAMES & {name.id for name in ast.walk(node.func.value) if isinstance(name, ast.Name)}
    ]
    assert written == []
