"""Links tested on test customers."""

import pytest
from django.test import Client

from oneclick.links import link_urls
from oneclick.models import ActionToken, SavedLink
from oneclick.tokens.token_text import encode_token
from subscriptions.actions import subscription as verbs
from subscriptions.models import Activity, Merchant
from tests import factories as f
from tests.admin.links.conftest import ADD, PLAIN, create_link, create_subscriber, link_page
from tests.rows import read_all_rows


@pytest.mark.parametrize("name", ["Later", ""])
def test_a_test_opens_the_link_with_a_token_for_a_test_customer(staff: Client, merchant: Merchant, name: str) -> None:
    order = create_subscriber(merchant, is_test=True).items.get().order
    answer = staff.post(ADD, {**PLAIN, "name": name, "days": "3", "_test": "1", "test_order": order.pk})
    token = ActionToken.objects.get()
    link = SavedLink(merchant=merchant, action="delay", parameters={"days": "3"})
    assert answer.status_code == 302
    assert answer["Location"] == link_urls.email_url(link, encode_token(token))
    assert (token.order, token.event) == (order, None)
    assert Activity.objects.latest("id").verb == "token.issue"
    assert not SavedLink.objects.exists()


def test_a_saved_link_is_tested_signed_and_on_a_cancelled_subscription(staff: Client, merchant: Merchant) -> None:
    gone = verbs.cancel(create_subscriber(merchant, is_test=True), actor=f.STAFF).subject
    link = create_link(merchant, action="reactivate")
    answer = staff.post(
        link_page(link), {**PLAIN, "link_action": "reactivate", "_test": "1", "test_subscription": gone.pk}
    )
    token = ActionToken.objects.latest("id")
    assert token.subscription_id == gone.pk
    assert answer["Location"] == link_urls.email_url(link, encode_token(token))
    assert f"#og_link={link.public_id.hex}#og_sig=" in answer["Location"]


@pytest.mark.parametrize("is_test", [True, False], ids=["test merchant", "live merchant"])
def test_links_are_tested_on_test_customers_only(staff: Client, merchant: Merchant, is_test: bool) -> None:
    Merchant.objects.filter(pk=merchant.pk).update(is_test=is_test)
    real, test = create_subscriber(merchant), create_subscriber(merchant, is_test=True, first_name="Tess")
    create_subscriber(f.MerchantFactory(), is_test=True, first_name="Foreign")
    page = staff.get(ADD).content.decode()
    assert "Tess Ruiz" in page and "Foreign" not in page
    assert f"{real.customer}, " not in page
    before = read_all_rows()
    refused = staff.post(ADD, {**PLAIN, "_test": "1", "test_order": real.items.get().order_id})
    assert b"Choose a test customer to test the link with." in refused.content
    unfinished = staff.post(ADD, {**PLAIN, "_test": "1", "days": "0", "test_order": test.items.get().order_id})
    assert b"Finish the link first" in unfinished.content
    assert read_all_rows() == before
