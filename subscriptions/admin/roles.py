"""The page of roles: what each may do, and the switches by which an owner decides otherwise."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldBooleanWidget

from subscriptions.models import Merchant, Role, RoleSwitch
from subscriptions.staff.audit import Kind, audit, list_changes
from subscriptions.staff.current_merchant import merchant_of
from subscriptions.staff.roles import ON_CUSTOMERS, RIGHTS, SWITCHED_RIGHTS, SWITCHED_ROLES, Right, may
from subscriptions.staff.site import site

ABOUT = "Roles"
OTHERS = [right for right in Right if right not in SWITCHED_RIGHTS]
GROUPS: dict[str, list[Right]] = {
    "For one customer": list(ON_CUSTOMERS),
    "In lists": [right for right in SWITCHED_RIGHTS if right not in ON_CUSTOMERS],
    "As the role says": OTHERS,
}


class RolesForm(forms.Form):
    """A tick for each switch, named `role-right`. Only what was changed since the page was shown is saved."""

    def __init__(self, data: Any, merchant: Merchant) -> None:
        super().__init__(data)
        self.merchant = merchant
        switched = {(row.role, row.right): row.allowed for row in RoleSwitch.objects.filter(merchant=merchant)}
        for role in SWITCHED_ROLES:
            for right in SWITCHED_RIGHTS:
                name = f"{role.label} may {right.label}"
                self.fields[f"{role}-{right}"] = forms.BooleanField(
                    label=name,
                    required=False,
                    initial=switched.get((role, right), right in RIGHTS[role]),
                    show_hidden_initial=True,
                    widget=UnfoldBooleanWidget(attrs={"aria-label": name}),
                )

    def save(self) -> list[str]:
        """Keep what was changed; returns a sentence for each."""
        with transaction.atomic():
            return [self.save_switch(name, self.cleaned_data[name]) for name in self.changed_data]

    def save_switch(self, name: str, allowed: bool) -> str:
        role, right = name.split("-")
        switch = RoleSwitch.objects.filter(merchant=self.merchant, role=role, right=right)
        if allowed == (right in RIGHTS[role]):
            switch.delete()
        else:
            switch.update_or_create(merchant=self.merchant, role=role, right=right, defaults={"allowed": allowed})
        return f"{Role(role).label} {'may now' if allowed else 'may no longer'} {Right(right).label}."


@require_http_methods(["GET", "HEAD", "POST"])
def roles_page(request: HttpRequest) -> HttpResponse:
    merchant, may_edit = merchant_of(request), may(request, Right.SETTINGS)
    form = RolesForm(request.POST if request.method == "POST" else None, merchant)
    if request.method == "POST":
        if not may_edit:
            raise PermissionDenied
        if form.is_valid():
            sentences = form.save()
            for sentence in sentences:
                audit(request, Kind.ACCESS, sentence, merchant, about=ABOUT)
            messages.success(request, " ".join(sentences) or "Nothing was changed.")
            return redirect("admin:roles")
    context = {
        **site.each_context(request),
        "title": "Roles",
        "roles": Role.labels,
        "groups": [(title, [describe_right(form, right) for right in rights]) for title, rights in GROUPS.items()],
        "may_edit": may_edit,
        "changes": list_changes(merchant, about=ABOUT),
    }
    return TemplateResponse(request, "admin/roles.html", context)


def describe_right(form: RolesForm, right: Right) -> tuple[str, list[dict[str, Any]]]:
    """What it allows, and a cell for each role: a `box` where there is a switch."""
    return right.label, [describe_cell(form, role, right) for role in Role]


def describe_cell(form: RolesForm, role: Role, right: Right) -> dict[str, Any]:
    default, name = right in RIGHTS[role], f"{role}-{right}"
    if name not in form.fields:
        return {"has": default}
    now = form.fields[name].initial
    return {"box": form[name], "has": now, "default": "" if now == default else f"Usually {'yes' if default else 'no'}"}


site.pages.append(path("roles/", site.admin_view(roles_page), name="roles"))
