"""A merchant's own domain serves its landing pages, its script and its clicks, and nothing else."""

import pytest
from django.core.cache import cache
from django.test import Client

from oneclick.links import link_urls
from oneclick.models import ActionToken, OneClickSettings
from oneclick.tokens.token_text import encode_token
from subscriptions.actions.subscription import cancel
from tests.factories import STAFF, LandingPageFactory, MembershipFactory, MerchantFactory, subscription_with_order

pytestmark = pytest.mark.django_db
HOST = "links.shop.test"


@pytest.fixture(autouse=True)
def fresh_cache(settings):
    settings.ALLOWED_HOSTS = ["portal.test"]
    settings.PUBLIC_URL = "http://portal.test:8000"
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def merchant():
    merchant = MerchantFactory()
    OneClickSettings.objects.filter(merchant=merchant).update(landing_host=HOST)
    return merchant


@pytest.fixture
def own() -> Client:
    return Client(headers={"Host": HOST})


def token_of(merchant) -> ActionToken:
    cancel(subscription_with_order(customer__merchant=merchant), actor=STAFF)
    return ActionToken.objects.get(merchant=merchant)


def test_a_domains_pages_are_found_by_slug_and_load_the_script_from_it(own, merchant):
    LandingPageFactory(merchant=merchant, slug="summer", heading="Summer", is_default=False)
    assert "Good to see you" in own.get("/").text
    assert "Summer" in own.get("/summer/").text
    assert "Summer" in own.get(f"/l/{merchant.public_id.hex}/summer/").text
    script = own.get(f"/{merchant.public_id.hex}/main.js", headers={"Host": f"{HOST}:8000"})
    assert f'"base": "http://{HOST}:8000"' in script.text
    portal = Client(headers={"Host": "portal.test"}).get(f"/{merchant.public_id.hex}/main.js")
    assert '"base": "http://portal.test:8000"' in portal.text


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/login/", "/api/", "/api/docs/", "/api/customers/", "/healthz", "/readyz", "/nothing/"]
)
def test_a_domain_serves_nothing_else_even_to_staff(own, merchant, path):
    own.force_login(MembershipFactory(merchant=merchant).user, backend="django.contrib.auth.backends.ModelBackend")
    assert own.get(path, follow=True).status_code == 404
    assert own.post(path, follow=True).status_code in (404, 405)


def test_clicks_act_and_links_lead_to_the_merchants_domain(own, merchant):
    token = token_of(merchant)
    assert link_urls.landing_page_url(token.merchant, "summer") == f"http://{HOST}:8000/summer/"
    address = f"/one_click/reactivate/?token={encode_token(token)}"
    led = own.get(address)
    assert led.status_code == 303
    assert led["Location"].startswith(f"http://{HOST}:8000/#og_quick_action=reactivate#")
    body = {"token": encode_token(token)}
    answer = own.post("/one_click/reactivate/", body, "application/json", headers={"Origin": f"http://{HOST}"})
    assert answer.json()["status"] == "success"


@pytest.mark.parametrize("named", ["portal", "stranger"])
def test_a_domain_does_not_know_another_merchants_pages_and_tokens(own, merchant, named):
    stranger = MerchantFactory()
    text = encode_token(token_of(stranger))
    public_id = stranger.public_id.hex
    assert own.get(f"/l/{public_id}/").status_code == 404
    assert own.get(f"/{public_id}/main.js").status_code == 404
    query = f"?merchant={public_id}" if named == "stranger" else ""
    answer = own.post(f"/one_click/reactivate/{query}", {"token": text}, "application/json")
    assert answer.json()["error"] == "invalid_token"
    read = own.get("/one_click/reactivate/", {"token": text}, headers={"Accept": "application/json"})
    assert read.json() == {"error": "invalid_token"}
    assert own.get("/one_click/reactivate/", {"token": text}).status_code == 400


@pytest.mark.parametrize("host", ["other.test", "evil.links.shop.test", "links.shop.test.evil.test", ""])
def test_an_unknown_host_is_refused(merchant, host):
    assert Client(headers={"Host": host or "x"}).get("/").status_code == 400


def test_the_portals_own_host_cannot_be_registered(merchant):
    OneClickSettings.objects.filter(merchant=merchant).update(landing_host="portal.test")
    assert Client(headers={"Host": "portal.test"}).get("/").url == "/admin/"


def test_a_known_host_costs_no_query(own, merchant, django_assert_num_queries):
    own.get("/")
    own.get(f"/{merchant.public_id.hex}/main.js")
    with django_assert_num_queries(0):
        assert own.get("/").status_code == 200
        assert own.get(f"/{merchant.public_id.hex}/main.js").status_code == 200


def test_a_merchant_without_a_domain_has_its_pages_at_the_portal():
    merchant = MerchantFactory()
    assert link_urls.landing_page_url(merchant) == f"http://portal.test:8000/l/{merchant.public_id.hex}/"


def test_ids_that_an_earlier_version_cached_as_texts_do_not_close_a_domain(own, merchant):
    public_id = merchant.public_id.hex
    cache.set("one-click-hosts", {HOST: public_id})
    for path in ("/", f"/{public_id}/main.js", f"/l/{public_id}/"):
        assert own.get(path).status_code == 200, path
