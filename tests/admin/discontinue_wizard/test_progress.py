"""The progress page refreshes until the end and lists refused subscriptions with the reason."""

import re

from django.test import Client

from subscriptions.actions import product as verbs
from subscriptions.jobs import replacements
from subscriptions.models import Product, Replacement
from tests import factories as f
from tests.admin.discontinue_wizard.steps import BUTTON, PREPAID, create_subscriptions, wizard_page
from tests.admin.pages import visible_text


def test_a_second_visit_during_the_run_leads_to_the_progress_page(staff: Client, product: Product) -> None:
    create_subscriptions(product)
    run = verbs.discontinue_product(product, actor=f.STAFF)
    for method in (staff.get, staff.post):
        assert method(wizard_page(product), {"choice": "end"})["Location"].endswith(f"/replacement/{run.pk}/change/")
    assert Replacement.objects.count() == 1


def test_the_progress_page_refreshes_until_the_run_is_done(staff: Client, product: Product) -> None:
    create_subscriptions(product, 3)
    run = verbs.discontinue_product(product, actor=f.STAFF)
    Replacement.objects.update(done=1)
    page = f"/admin/subscriptions/replacement/{run.pk}/change/"
    answer = staff.get(page)
    assert "1 of 3 subscriptions processed." in visible_text(answer)
    assert b'aria-valuenow="33"' in answer.content and b"every 2s" in answer.content
    Replacement.objects.update(done=0)
    replacements.continue_replacement(run.pk)
    answer = staff.get(page)
    assert "3 of 3 subscriptions were cancelled." in visible_text(answer)
    assert re.search(r"Started .* by Sam Staff Finished", visible_text(answer))
    assert b'aria-valuenow="100"' in answer.content and b"every 2s" not in answer.content


def test_refused_subscriptions_are_listed_with_customer_and_reason(staff: Client, product: Product) -> None:
    (prepaid,) = create_subscriptions(product, 1, **PREPAID)
    run = verbs.discontinue_product(product, actor=f.STAFF)
    replacements.continue_replacement(run.pk)
    answer = staff.get(f"/admin/subscriptions/replacement/{run.pk}/change/")
    assert "0 of 1 subscription were cancelled; 1 was not changed." in visible_text(answer)
    assert "Ana Ruiz 2 prepaid orders are still to be delivered." in visible_text(answer)
    assert f"/customer/{prepaid.customer_id}/change/".encode() in answer.content


def test_the_products_page_leads_to_its_replacement_while_it_runs_and_afterwards(
    staff: Client, product: Product
) -> None:
    create_subscriptions(product)
    create_subscriptions(product, 1, **PREPAID)
    assert "See the" not in visible_text(staff.get(wizard_page(product, "change")))
    run = verbs.discontinue_product(product, actor=f.STAFF)
    during = staff.get(wizard_page(product, "change"))
    assert "Its subscriptions are being cancelled: 0 of 2 so far. See the progress" in visible_text(during)
    assert BUTTON not in during.content.decode()
    replacements.continue_replacement(run.pk)
    afterwards = staff.get(wizard_page(product, "change"))
    assert "1 subscription was cancelled on" in visible_text(afterwards)
    assert "1 active subscription to this product remains." in visible_text(afterwards)
    assert f"/replacement/{run.pk}/change/" in afterwards.content.decode()
    assert "Replace subscriptions" in afterwards.content.decode()


def test_a_product_nobody_subscribes_to_is_discontinued_in_one_step(staff: Client, product: Product) -> None:
    answer = staff.get(wizard_page(product))
    assert "House blend has no active subscriptions." in visible_text(answer)
    done = staff.post(wizard_page(product), {"choice": "end"}, follow=True)
    assert "0 of 0 subscriptions processed." in visible_text(done)
    replacements.continue_replacement(Replacement.objects.get().pk)
    assert "there was nothing to do" in visible_text(staff.get(done.request["PATH_INFO"]))
    assert "has no active subscriptions" in visible_text(staff.get(wizard_page(product)))
    assert BUTTON not in staff.get(wizard_page(product, "change")).content.decode()
