"""Each form of the staff pages about rows of this merchant, with an id of another merchant in one field at a time."""

from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.db import transaction

from subscriptions.models import Role
from tests.admin import hostile
from tests.admin.test_roles import BEFORE
from tests.wall.callers import staff
from tests.wall.statements import watched_writes
from tests.wall.worlds import MARK, World, cross_references, rows_of


def find_form(answer: Any) -> Any:
    """The form that the page shows."""
    context = getattr(answer, "context", None) or {}
    adminform = context.get("adminform")
    return adminform.form if adminform else context.get("form")


def shown_values(form: Any) -> dict[str, Any]:
    """What the browser would send of the form as it is."""
    values = {name: form[name].value() for name in form.fields}
    return {form.add_prefix(name): value for name, value in values.items() if value not in (None, False)}


def find_foreign_row(name: str, field: forms.Field, foreign: World) -> Any:
    """The row of the other merchant that somebody could try to put into the field, if it takes any."""
    if isinstance(field, forms.ModelChoiceField):
        return foreign.rows.get(field.queryset.model)
    is_choice = isinstance(field, forms.ChoiceField)
    return next((row for model, row in foreign.rows.items() if is_choice and model._meta.model_name == name), None)


def value_of(field: forms.Field, row: Any) -> Any:
    return field.prepare_value(row) if isinstance(field, forms.ModelChoiceField) else row.pk


def find_pages(model_admin: Any, own: World) -> Iterator[str]:
    """The pages of a row, put into the state in which each button is offered."""
    row = own.rows[model_admin.model]
    base = hostile.base_of(model_admin)
    yield from (
        f"{base}add/",
        *(f"{base}{row.pk}/{page}/" for page in ("change", "delete", "history", *model_admin.pages)),
    )
    for button in model_admin.buttons:
        prepared = BEFORE.get(button.verb, lambda same: same)(row)
        yield f"{base}{prepared.pk}/{button.verb}/"


@pytest.mark.parametrize("app", ["subscriptions", "oneclick", "integrations"])
def test_no_page_shows_a_row_of_another_merchant_and_no_field_takes_one(app: str, own: World, foreign: World) -> None:
    client, before, faults = staff(own, Role.OWNER), rows_of(foreign.merchant), []
    for model_admin in [one for one in hostile.ADMINS if one.opts.app_label == app]:
        for address in lazily_undone(find_pages(model_admin, own)):
            with watched_writes() as written:
                page = client.get(address)
            if page.status_code >= 500 or written or MARK in page.getvalue().decode(errors="replace"):
                faults.append((address, page.status_code, *written))
            form = find_form(page)
            for name, field in form.fields.items() if form else ():
                if row := find_foreign_row(name, field, foreign):
                    sent = {**shown_values(form), form.add_prefix(name): value_of(field, row)}
                    answer = client.post(address, sent)
                    if answer.status_code not in (200, 403, 404) or MARK in answer.text:
                        faults.append((address, answer.status_code, name))
    assert faults == []
    assert rows_of(foreign.merchant) == before
    assert cross_references() == []


def lazily_undone(pages: Iterator[str]) -> Iterator[str]:
    """Each page with what was prepared for it, which is undone before the next one."""
    while True:
        savepoint = transaction.savepoint()
        page = next(pages, None)
        if page is None:
            return
        yield page
        transaction.savepoint_rollback(savepoint)


def test_no_list_changes_rows_of_another_merchant_that_were_ticked(own: World, foreign: World) -> None:
    client, before = staff(own, Role.OWNER), rows_of(foreign.merchant)
    request = client.get("/admin/").wsgi_request
    tried = 0
    for model_admin in hostile.ADMINS:
        for name in (
            model_admin.get_actions(request) if model_admin.actions or hasattr(model_admin, "bulk_kinds") else ()
        ):
            ticked = {"action": name, "_selected_action": foreign.rows[model_admin.model].pk, "select_across": "0"}
            for more in ({}, {"asked": "1", "start": "1", "days": "3", "count": "3", "unit": "days", "name": "VIP"}):
                tried += 1
                assert MARK not in client.post(hostile.base_of(model_admin), {**ticked, **more}, follow=True).text
    assert tried >= 18
    assert rows_of(foreign.merchant) == before
    assert cross_references() == []


def test_no_page_reads_a_row_of_another_merchant_from_what_it_is_sent(own: World, foreign: World) -> None:
    client, before = staff(own, Role.OWNER), rows_of(foreign.merchant)
    keys = {model._meta.model_name: row.pk for model, row in foreign.rows.items()}
    names = {*hostile.names_read("POST"), *hostile.names_read("GET"), "member", "shown"}
    for kind in ("product", "activity"):
        sent = {name: keys.get(name, keys[kind]) for name in names}
        for model_admin in hostile.ADMINS:
            for page in model_admin.pages:
                address = f"{hostile.base_of(model_admin)}{own.rows[model_admin.model].pk}/{page}/"
                for answer in (client.get(address, sent), client.post(f"{address}?{hostile.encode(sent)}", sent)):
                    assert answer.status_code < 500, address
                    assert MARK not in answer.getvalue().decode(), address
    assert rows_of(foreign.merchant) == before
    assert cross_references() == []
