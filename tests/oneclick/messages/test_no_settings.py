"""A merchant without 1-Click settings, such as one that was made by a program, has the usual ones, switched off."""

from django.test import Client

from oneclick.models import OneClickSettings
from oneclick.models.settings import one_click_of
from subscriptions.models import Merchant
from tests import factories as f


def test_every_page_of_1_click_shows(db: None) -> None:
    merchant: Merchant = f.MerchantFactory()
    OneClickSettings.objects.all().delete()
    client = Client()
    user = f.MembershipFactory(merchant=merchant).user
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    for page in ("messagetext/", "landingpage/", "savedlink/", "actiontoken/", "oneclicksettings/", "messagetext/add/"):
        assert (page, client.get(f"/admin/oneclick/{page}", follow=True).status_code) == (page, 200)
    rules = one_click_of(Merchant.objects.get())
    assert (rules.enabled, rules.token_days) == (False, 90)
