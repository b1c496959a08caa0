"""A member of staff at work in a browser, who counts clicks."""

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect


class Staff:
    """Starts at Home with no click. Typing and choosing in a form are no clicks; each button, link and tab is one."""

    def __init__(self, page: Page, portal: str) -> None:
        self.page = page
        self.portal = portal
        self.go_home()

    def go_home(self) -> None:
        self.page.goto(f"{self.portal}/admin/")
        self.clicks = 0

    def click(self, name: str, role: Any = "button", within: Locator | None = None) -> None:
        """Click the first button, or whatever `role` says, of this name.

        An icon may stand before the name, and after it, what it is about: `Remove: 1 × House blend`.
        """
        place = within or self.page.locator("body")
        place.get_by_role(role, name=re.compile(rf"(^|\s){re.escape(name)}(: .*)?$")).first.click()
        self.clicks += 1

    def find(self, text: str) -> None:
        """Type into the find box at the top of every page and press Enter: counts as one click."""
        self.page.keyboard.press("/")
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")
        self.clicks += 1

    def press_in_dialog(self, name: str, button: str = "", **answers: str) -> None:
        """Click what opens a dialog, fill it by the names of its fields, and confirm: two clicks, and one for each
        choice with a picture.
        """
        self.click(name, "link")
        dialog = self.page.get_by_role("dialog")
        for field, value in answers.items():
            box = dialog.locator(f"[name={field}]")
            if box.first.get_attribute("type") == "radio":
                dialog.locator(f"[name={field}][value='{value}']").click()
                self.clicks += 1
            elif box.evaluate("box => box.tagName") == "SELECT":
                box.select_option(value)
            else:
                box.fill(value)
        self.click(button or name, within=dialog)

    def sees(self, text: str) -> None:
        expect(self.page.locator("#main").get_by_text(text).first).to_be_visible()
