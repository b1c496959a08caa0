"""Files that staff take away: rows that were refused, and all rows in the form in which they are imported."""

from collections.abc import Iterator

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.views.decorators.http import require_safe

from subscriptions.importing.exports import export_header, export_rows
from subscriptions.importing.tables import TABLES
from subscriptions.importing.uploads import REFUSED_HEADER, own_cells
from subscriptions.models import ImportRun
from subscriptions.staff.csv_files import csv_response
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.lists.export import export_name, record_export
from subscriptions.staff.roles import Right, may


@require_safe
def export_file(request: HttpRequest, kind: str) -> StreamingHttpResponse:
    if kind not in TABLES:
        raise Http404("There is no such export.")
    if not may(request, Right.IMPORT):
        raise PermissionDenied
    merchant = merchant_of(request)
    record_export(request, f"Took all {kind} as a file to import.", kind)
    return csv_response(export_name(request, kind), export_header(kind, merchant), export_rows(kind, merchant))


@require_safe
def refused_rows_file(request: HttpRequest, run: ImportRun) -> StreamingHttpResponse:
    """The rows as they were, behind what is wrong with each, to be mended and imported again."""
    record_export(request, f"Took the refused rows of {run.file_name} as a file.", run.kind)
    header = [*REFUSED_HEADER, *own_cells(run.header, run.header)]
    return csv_response(f"{run.kind}-{run.created:%Y-%m-%d}-refused.csv", header, _refused_rows(run))


def _refused_rows(run: ImportRun) -> Iterator[list[str | int]]:
    for row in run.refusals.order_by("line").iterator():
        yield [row.reason, row.line, *own_cells(run.header, row.cells)]
