"""Addresses of the catalogue's pages, and what pressing a button says."""

from django.db.models import Model
from django.test import Client


def address(row: Model, page: str = "change") -> str:
    return f"/admin/subscriptions/{row._meta.model_name}/{row.pk}/{page}/"


def press(client: Client, row: Model, verb: str, **answers: object) -> list[str]:
    """Confirm a button of `row`; returns what staff read then."""
    answer = client.post(address(row, verb), answers, follow=True)
    assert answer.redirect_chain, answer.context["form"].errors
    return [str(message) for message in answer.context["messages"]]


def form_errors(client: Client, page: str, **answers: object) -> str:
    """The errors of a form that is not saved."""
    answer = client.post(page, answers)
    assert answer.status_code == 200
    form = answer.context["form"]
    lines = [line.errors for line in getattr(form, "lines", [])]
    return " ".join(str(errors) for errors in [form.errors, *lines])
