"""Error pages are complete and load nothing else."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import path
from django.views.csrf import csrf_failure
from django.views.defaults import permission_denied

from config import error_pages, urls

error: Exception = RuntimeError("broken")


def breaks(request: HttpRequest) -> HttpResponse:
    raise error


handler500 = error_pages.server_error
urlpatterns = [path("breaks/", breaks)]


def test_the_portal_has_this_page() -> None:
    assert urls.handler500 is error_pages.server_error


def test_an_unknown_address_gets_a_whole_page() -> None:
    answer = Client().get("/nowhere/")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


@override_settings(ROOT_URLCONF=__name__)
def test_a_fault_gets_a_whole_page_without_the_database() -> None:
    # No database fixture: pytest-django fails any query.
    answer = Client(raise_request_exception=False).get("/breaks/")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.content.decode()


@pytest.mark.parametrize(
    ("view", "sentence"),
    [
        (lambda request: permission_denied(request, PermissionDenied()), "Your role does not include this page"),
        (csrf_failure, "reload the page"),
    ],
)
def test_a_refusal_says_what_to_do(view, sentence: str) -> None:
    answer = view(RequestFactory().get("/admin/"))
    assert answer.status_code == 403
    assert sentence in answer.content.decode()


@pytest.mark.parametrize("address", ["http:", "https:", "src=", "{%"])
def test_an_error_page_loads_nothing(address: str) -> None:
    assert address not in Client().get("/nowhere/").content.decode()


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError, InternalError])
@override_settings(ROOT_URLCONF=__name__)
def test_a_database_that_is_away_is_no_fault_of_the_page(kind: type[Exception], monkeypatch) -> None:
    monkeypatch.setattr(f"{__name__}.error", kind("gone"))
    answer = Client(raise_request_exception=False).get("/breaks/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "try again in a moment" in answer.content.decode()
