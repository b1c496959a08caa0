"""What is around every staff page works under the content policy, and so do the pages that nobody logs in to."""

import re

from playwright.sync_api import Page, expect

from tests.browser.staff import Staff


def test_colours_and_sidebar_are_as_they_were_chosen_on_the_next_page(staff: Staff) -> None:
    page = staff.page
    page.get_by_text("unfold_more").click()
    page.get_by_text("Dark", exact=True).click()
    expect(page.locator("html")).to_have_class(re.compile("dark"))
    page.get_by_text("unfold_more").click()
    expect(page.get_by_text("Your logins")).to_be_hidden()
    page.get_by_text("dock_to_right").first.click()
    expect(page.locator("#nav-sidebar-apps")).to_be_hidden()
    page.reload()
    expect(page.locator("html")).to_have_class(re.compile("dark"))
    expect(page.locator("#nav-sidebar-apps")).to_be_hidden()
    page.get_by_text("dock_to_right").first.click()
    expect(page.locator("#nav-sidebar-apps")).to_be_visible()


def test_the_documentation_of_the_api_lists_its_operations(page: Page, portal: str) -> None:
    page.goto(f"{portal}/api/docs/")
    expect(page.get_by_text("/api/customers/", exact=True).first).to_be_visible()


def test_a_page_that_needs_no_other_file_has_its_style(page: Page, portal: str) -> None:
    page.goto(f"{portal}/nowhere/")
    expect(page.get_by_role("main")).to_have_css("border-top-color", "rgb(15, 118, 110)")
