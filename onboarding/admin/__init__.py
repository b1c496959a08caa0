"""The set-up guide, and the danger zone of the merchant's page."""

from onboarding.admin import guide
from onboarding.admin.danger import DANGER
from subscriptions.models import Merchant
from subscriptions.staff.site import site

__all__ = ["guide"]

merchant_page = site.get_model_admin(Merchant)
merchant_page.buttons += DANGER
merchant_page.danger += DANGER
