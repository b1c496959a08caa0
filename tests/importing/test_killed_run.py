"""An import whose worker is a process of its own that is killed with -9 in the middle."""

from datetime import timedelta

import pytest
from django.utils import timezone

from subscriptions.importing import run_chunks
from subscriptions.importing.runs import continue_run, start_import
from subscriptions.importing.uploads import add_part, begin_upload, finish_upload
from subscriptions.models import Customer, ImportRun, Merchant
from tests.factories import STAFF
from tests.killer import kill_in_the_middle

ROWS = 60
HEADER = "customer id,first name,last name,email"


def die_in_the_middle(run: ImportRun) -> None:
    """Let a worker go on with the run, and kill it once it has gone some rows further."""
    ImportRun.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    run.refresh_from_db()
    enough = run.cursor + 4
    kill_in_the_middle(continue_run, run.pk, lambda: ImportRun.objects.get(pk=run.pk).cursor >= enough)


@pytest.mark.django_db(transaction=True)
def test_each_row_is_imported_and_counted_once(merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_chunks, "CHUNK", 1)
    run = begin_upload(merchant, "people.csv", STAFF)
    rows = [f"C-{number},Ana,Ruiz,{'' if number % 10 == 9 else 'ana@mail.test'}" for number in range(ROWS)]
    add_part(run, 0, "\n".join([HEADER, *rows]).encode())
    finish_upload(run)
    ImportRun.objects.update(state=ImportRun.State.CHECKED)
    start_import(run)
    for _ in range(3):
        die_in_the_middle(run)
        run.refresh_from_db()
        assert run.created_rows == Customer.objects.count() == run.cursor - run.refusals.count() < ROWS
    ImportRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    continue_run(run.pk)
    run.refresh_from_db()
    assert (run.state, run.created_rows, run.updated_rows, run.unchanged_rows, run.refused_rows) == (
        "done",
        54,
        0,
        0,
        6,
    )
    assert Customer.objects.count() == 54
    assert list(run.refusals.values_list("line", flat=True)) == [11, 21, 31, 41, 51, 61]
