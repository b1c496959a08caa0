"""Texts of customers, merchants and files are texts on staff pages, whatever they look like."""

from collections.abc import Callable

import pytest
from django.contrib.admin.options import ModelAdmin
from django.test import Client

from subscriptions.staff.site import site
from tests.admin.conftest import make_world

PAGES = ["/admin/", "/admin/search/?s=mallory", "/admin/jobs/", "/admin/inbox/", "/admin/numbers/", "/admin/guide/"]


def page_addresses(model_admin: ModelAdmin, pk: int) -> list[str]:
    base = f"/admin/{model_admin.opts.app_label}/{model_admin.opts.model_name}/"
    return [base, f"{base}{pk}/change/", *(f"{base}{pk}/{page}/" for page in model_admin.pages)]


@pytest.mark.django_db
def test_no_text_becomes_markup_on_a_staff_page(login: Callable[..., Client]) -> None:
    world = make_world("<u>Mallory")  # a part of every text
    client = login(world.merchant)
    addresses = [*PAGES]
    for model, row in world.rows.items():
        addresses += page_addresses(site._registry[model], row.pk)
    answers = {address: client.get(address, follow=True) for address in addresses}
    pages = {
        address: answer.content.decode().lower()
        for address, answer in answers.items()
        if answer["Content-Type"].startswith("text/html")  # others are files and no pages
    }
    assert [address for address, page in pages.items() if "<u>mallory" in page] == []
    assert sum("&lt;u&gt;mallory" in page for page in pages.values()) > 60
