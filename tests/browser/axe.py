"""The faults an accessibility checker finds on a page."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SCRIPT = Axe().axe_script
# A colour in transition is neither the old nor the new one.
STILL = """
    Promise.allSettled(
        document.getAnimations()
            .filter((one) => one.effect.getComputedTiming().endTime < Infinity)
            .map((one) => one.finished)
    )
"""


# Off by default as experimental: who speaks to a computer says what is written on a button.
RULES = {"rules": {"label-content-name-mismatch": {"enabled": True}}}
# What passes is neither described nor sent out of the browser, which would take longer than the rules do.
RUN = "(options) => axe.run({ ...options, resultTypes: ['violations'] }).then(({ violations }) => violations)"


def find_violations(page: Page, options: dict[str, object] = RULES) -> list[str]:
    """Each broken rule with the elements that break it, once nothing moves on the page; frames are checked too."""
    page.evaluate(STILL)
    for frame in page.frames:
        if not frame.evaluate("'axe' in window"):
            frame.evaluate(SCRIPT)
    found = page.evaluate(RUN, options)
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]
