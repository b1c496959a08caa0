"""The page on which a file is uploaded. The server takes requests of some megabytes, so large files come in parts."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from subscriptions.admin.imports.forms import UploadForm
from subscriptions.errors import DomainError
from subscriptions.importing.uploads import LARGEST_FILE, add_part, begin_upload, finish_upload
from subscriptions.models import ImportRun
from subscriptions.staff.audit import Kind, audit
from subscriptions.staff.buttons import actor_of
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.site import site


def upload_page(request: HttpRequest) -> HttpResponse:
    """The form; a part that is not the last is answered with the key of its import in JSON."""
    form = UploadForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if form.is_valid():
        try:
            run = receive_part(request, form)
            if form.cleaned_data["more"]:
                return JsonResponse({"run": run.pk})
            finish_upload(run)
            audit(request, Kind.CHANGE, "Uploaded the file.", run)
            return redirect(reverse("admin:subscriptions_importrun_change", args=[run.pk]))
        except DomainError as error:
            form.add_error("file", error.sentence)
    if "more" in request.POST:
        return JsonResponse(
            {"sentence": " ".join(map(str, form.errors.get("file", ["The file cannot be read."])))}, status=400
        )
    context = {
        **site.each_context(request),
        "title": "Import a file",
        "opts": ImportRun._meta,
        "form": form,
        "most": LARGEST_FILE,
    }
    return TemplateResponse(request, "admin/imports/upload.html", context)


def receive_part(request: HttpRequest, form: UploadForm) -> ImportRun:
    answers = form.cleaned_data
    runs = ImportRun.objects.filter(merchant=merchant_of(request))
    if answers["run"]:
        run = get_object_or_404(runs, pk=answers["run"])
    elif answers["number"]:
        raise Http404("A part of a file without its beginning.")
    else:
        run = begin_upload(merchant_of(request), answers["file"].name, actor_of(request))
    add_part(run, answers["number"] or 0, answers["file"].read())
    return run
