"""What an accessibility checker finds on a page."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

CHECKER = Axe()


def violations(page: Page) -> list[str]:
    """Each rule broken with the places that break it, as the page stands now; frames are looked into."""
    found = CHECKER.run(page).response["violations"]
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]
