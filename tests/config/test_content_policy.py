"""The content policy of staff pages: no code and no style in a page but those that it lets through by nonce or hash."""

import base64
import hashlib
import re
from importlib import resources
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from unfold.settings import CONFIG_DEFAULTS

from tests.factories import MembershipFactory

CODE_IN_PAGE = re.compile(
    r"<script(?![^>]*\bsrc=)|<style|\son\w+\s*=|javascript:|\sx-init\b|\shx-on\b|hx-trigger=\"[^\"]*\[", re.IGNORECASE
)
# Each lets its own through.
WITH_A_NONCE_OR_A_HASH = {"plain.html", "oneclick/landing.html", "drf_spectacular/swagger_ui.html"}
# What ours was made from; see what changed there and do the same in ours before writing the new digest.
MADE_FROM = {
    "unfold/templates/unfold/layouts/skeleton.html": "66af9f0bb45f98ba",
    "unfold/templates/unfold/helpers/welcomemsg.html": "e8eab02522ba2319",
    "unfold/static/unfold/js/alpine/alpine.js": "3ed1eed252488921",
    "drf_spectacular/templates/drf_spectacular/swagger_ui.html": "4d1e195317550710",
}


def read_policy(answer: object) -> dict[str, list[str]]:
    header: str = answer["Content-Security-Policy"]  # type: ignore[index]
    return {name: sources for name, *sources in (part.split() for part in header.split("; "))}


@pytest.fixture
def staff(db: None) -> Client:
    client = Client()
    client.force_login(MembershipFactory(role="owner").user)
    return client


@pytest.mark.parametrize("address", ["/admin/", "/admin/login/", "/setup/", "/nowhere/", "/api/orders/", "/healthz"])
def test_nothing_runs_and_nothing_is_loaded_but_the_portals_own(staff: Client, address: str) -> None:
    policy = read_policy(staff.get(address))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["script-src"] == policy["connect-src"] == policy["form-action"] == ["'self'"]
    assert not {"'unsafe-inline'", "'unsafe-eval'", "https:"} & {*policy["script-src"], *policy["style-src"]}


def test_a_page_that_needs_no_other_file_has_the_style_of_the_policys_hash() -> None:
    answer = Client().get("/nowhere/")
    style = re.search("<style>(.*)</style>", answer.content.decode(), re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in read_policy(answer)["style-src"]


def test_the_documentation_of_the_api_runs_by_a_nonce_that_is_used_once() -> None:
    nonces = set()
    for _ in range(2):
        answer = Client().get("/api/docs/")
        found = re.findall('nonce="(.+?)"', answer.content.decode())
        assert len(found) == 2 and len(set(found)) == 1
        policy = read_policy(answer)
        assert f"'nonce-{found[0]}'" in policy["script-src"] and f"'nonce-{found[0]}'" in policy["style-src"]
        nonces |= set(found)
    assert len(nonces) == 2


def test_the_preview_of_a_landing_page_is_styled_by_the_nonce_of_the_page_around_it(staff: Client) -> None:
    answer = staff.get("/admin/oneclick/landingpage/add/")
    nonce = re.search('data-nonce="(.+?)"', answer.content.decode())
    assert nonce
    assert f"'nonce-{nonce[1]}'" in read_policy(answer)["style-src"]
    assert read_policy(answer)["script-src"] == ["'self'"]
    fields = {"nonce": nonce[1], "outcome": "delay.success"}
    drawn = staff.post("/admin/oneclick/landingpage/preview/", fields).content.decode()
    assert f'<style nonce="{nonce[1]}">' in drawn and 'aria-label="Close"' in drawn and "<script" not in drawn


def test_no_template_holds_code_or_style() -> None:
    root = settings.BASE_DIR / "templates"
    found = {str(file.relative_to(root)) for file in root.rglob("*.html") if CODE_IN_PAGE.search(file.read_text())}
    assert found == WITH_A_NONCE_OR_A_HASH


@pytest.mark.parametrize("name", MADE_FROM)
def test_what_ours_was_made_from_is_as_it_was(name: str) -> None:
    package, _, path = name.partition("/")
    text = (Path(str(resources.files(package))) / path).read_bytes()
    assert hashlib.sha256(text).hexdigest()[:16] == MADE_FROM[name]


def test_the_greys_are_those_of_unfold() -> None:
    css = (settings.BASE_DIR / "static/staff/colors.css").read_text()
    ours = dict(re.findall(r"--color-([\w-]+): (.+);", css))
    theirs = {
        f"{name}-{weight}": color
        for name, colors in CONFIG_DEFAULTS["COLORS"].items()
        for weight, color in colors.items()
    }
    assert ours.keys() == theirs.keys()
    assert {name: ours[name] for name in theirs if not name.startswith("primary")} == {
        name: color for name, color in theirs.items() if not name.startswith("primary")
    }
