"""The editor of landing pages in a browser."""

from playwright.sync_api import Page

from tests.factories import MembershipFactory

# The newest finished preview of the editor.
FRAME = ".landing-preview iframe:not([data-drawing])"


def editor(page: Page, portal: str, merchant) -> Page:
    """The editor of the merchant's landing page, opened by its staff."""
    user = MembershipFactory(merchant=merchant).user
    user.set_password("correct horse")
    user.save()
    page.goto(f"{portal}/admin/login/")
    page.get_by_label("Username").fill(user.username)
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Log in").click()
    page.goto(f"{portal}/admin/oneclick/landingpage/{merchant.landing_pages.get().pk}/change/")
    return page
