"""Every staff page that a role can reach: each link may be followed, no secret shows, and test mode is named."""

from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from integrations.models import Connection, GladlyAccount
from oneclick.models import ActionToken
from oneclick.tokens.token_text import encode_token
from subscriptions.models import ApiKey, Merchant, Role
from subscriptions.staff.site import site
from tests.admin.conftest import World
from tests.admin.crawl import crawl_staff_pages, visit_key
from tests.admin.test_tenants import addresses

Login = Callable[..., Client]
STOREFRONT_KEY, PRIVATE_KEY, DIGEST = "storefront-in-clear-4711", "pk_in_clear_4712", "digest_in_clear_4713"
OF_GLADLY = {
    "signing_key": "sk_in_clear_4715",
    "basic_password": "pw_in_clear_4716",
    "header_value": "hv_in_clear_4717",
}
BAR = "TEST MODE"
MAY_USE_TOKENS = {Role.OWNER, Role.MARKETING}
SUGGESTIONS = "/admin/autocomplete/?app_label=subscriptions&model_name=simulatedoutcome&field_name=payment"


@pytest.fixture
def world(own: World) -> World:
    Merchant.objects.filter(pk=own.merchant.pk).update(storefront_key=STOREFRONT_KEY)
    Connection.objects.filter(merchant=own.merchant).update(secret=PRIVATE_KEY)
    GladlyAccount.objects.filter(connection__merchant=own.merchant).update(
        **OF_GLADLY, basic_user="gladly", header_name="X-Gladly"
    )
    ApiKey.objects.filter(merchant=own.merchant).update(digest=DIGEST)
    return own


def secrets_of(role: str) -> list[str]:
    passwords = list(get_user_model().objects.values_list("password", flat=True))
    tokens = [] if role in MAY_USE_TOKENS else [encode_token(token) for token in ActionToken.objects.all()]
    return [STOREFRONT_KEY, PRIVATE_KEY, DIGEST, *OF_GLADLY.values(), *passwords, *tokens]


# The pages of a test merchant and those of a live one: with more links, and with fewer.
@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("role", "is_test"),
    [(Role.OWNER, True), (Role.MARKETING, True), (Role.SUPPORT, False), (Role.READ_ONLY, False)],
)
def test_no_link_is_refused_no_answer_has_a_secret_and_each_page_says_whether_it_is_test_mode(
    role: str, is_test: bool, world: World, login: Login
) -> None:
    Merchant.objects.filter(pk=world.merchant.pk).update(is_test=is_test)
    client = login(world.merchant, role)
    secrets = secrets_of(role)
    linked = list(crawl_staff_pages(client))
    refused = [(source, to, answer.status_code) for source, to, answer in linked if answer.status_code >= 400]
    assert refused == []
    visited = {visit_key(address) for _, address, _ in linked}
    assert len(visited) > 90
    rows = {address for model, row in world.rows.items() for address in addresses(site._registry[model], row.pk)}
    unlinked = [address for address in [*rows, SUGGESTIONS] if visit_key(address) not in visited]
    answers = {address: answer for _, address, answer in linked} | {each: client.get(each) for each in unlinked}
    # Files are streamed, and may be no text.
    bodies = {address: answer.getvalue().decode(errors="replace") for address, answer in answers.items()}
    shown = [
        (address, secret)
        for address, answer in answers.items()
        for secret in secrets
        if secret in bodies[address] or secret in str(answer.headers)
    ]
    assert shown == []
    bars = {address: bodies[address].count(BAR) for _, address, _ in linked if "<body" in bodies[address]}
    assert len(bars) > 60
    assert {address: count for address, count in bars.items() if count != is_test} == {}


def test_a_form_that_is_refused_shows_no_secret(world: World, login: Login) -> None:
    client = login(world.merchant)
    for model in (Merchant, Connection):
        change = addresses(site._registry[model], world.rows[model].pk)[1]
        page = client.post(change, {"name": "", "secret": "typed-4714", "storefront_key": "typed-4714"})
        assert page.status_code == 200 and page.context["adminform"].form.errors
        for secret in (STOREFRONT_KEY, PRIVATE_KEY, "typed-4714"):
            assert secret not in page.content.decode()
