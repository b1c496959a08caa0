"""The editor of landing pages previews typed text at once, with each outcome, and uses no token."""

import pytest
from playwright.sync_api import Page, expect

from oneclick.admin.landing_preview import list_outcomes
from oneclick.models import ActionToken, Click, LandingPage
from tests.browser.page_editor import FRAME, editor

OUTCOMES = [value for _, choices in list_outcomes() for value, _ in choices]


@pytest.fixture
def editing(visit, portal, merchant) -> Page:
    return editor(visit(viewport={"width": 1280, "height": 900}), portal, merchant)


def test_typed_text_is_previewed_and_not_yet_saved(editing, merchant):
    frame = editing.frame_locator(FRAME)
    expect(frame.get_by_role("heading", level=1)).to_be_visible()
    editing.get_by_label("Heading").fill("Back for <more>?")
    expect(frame.get_by_role("heading", level=1)).to_have_text("Back for <more>?")
    editing.locator("#id_success_color").fill("#ffee00")
    expect(frame.locator(".alert-container--success")).to_have_css("background-color", "rgb(255, 238, 0)")
    expect(frame.locator(".alert-container--success")).to_have_css("color", "rgb(0, 0, 0)")
    assert LandingPage.objects.get(merchant=merchant).heading != "Back for <more>?"
    editing.get_by_role("button", name="Save", exact=True).click()
    editing.wait_for_url("**/landingpage/")
    assert LandingPage.objects.get(merchant=merchant).heading == "Back for <more>?"


def test_every_outcome_can_be_previewed(editing, merchant):
    frame = editing.frame_locator(FRAME)
    select = editing.locator("[name=outcome]")
    for value in OUTCOMES:
        with editing.expect_response("**/preview/"):
            select.select_option(value)
        expect(frame.locator(".alert-container__text").last).not_to_be_empty()
    select.select_option("")
    expect(frame.locator(".alert-container")).to_have_count(0)
    assert not ActionToken.objects.filter(used_at__isnull=False).exists()
    assert not Click.objects.exists()


def test_the_preview_is_as_wide_as_the_chosen_screen_and_leaves_no_steps_behind(editing):
    expect(editing.locator(FRAME)).to_have_css("width", "390px")
    steps = editing.evaluate("history.length")
    editing.get_by_label("Desktop").check()
    expect(editing.locator(FRAME)).to_have_count(1)
    expect(editing.locator(FRAME)).to_have_css("width", "1280px")
    assert editing.evaluate("history.length") == steps
