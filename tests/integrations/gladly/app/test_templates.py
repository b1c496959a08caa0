"""Go renders each template as its datasets expect, and no template survives a change unnoticed."""

import json
from pathlib import Path
from typing import Any

import pytest

from integrations.gladly.package import APP
from tests.integrations.gladly.app.go import render_templates, require_go
from tests.integrations.gladly.app.package import Dataset, find_datasets, find_templates

pytestmark = pytest.mark.go
TEMPLATES = {template: template.read_text() for template in find_templates()}
CASES = [
    (template, dataset)
    for template in TEMPLATES
    for dataset in find_datasets()
    if dataset.folder == template.parent and dataset.expected(template.stem) is not None
]
MUTATIONS = [
    ("data/pull/customers/request_url", "urlquery .", "."),
    ("data/pull/customers/request_url", "\n{{ end -}}", "{{- end -}}"),
    ("data/pull/customers/request_url", 'stop "no email address"', 'fail "no email address"'),
    ("data/pull/customers/request_url", 'trimSuffix "/" .integration', ".integration"),
    ("data/pull/subscriptions/request_url", "\n{{ end -}}", "{{- end -}}"),
    ("data/pull/subscriptions/external_parent_id", ".customer_id", ".id"),
    ("data/pull/subscriptions/response_transformation", ".next_billing_at", ".created_at"),
    ("data/pull/subscriptions/response_transformation", "toJson .rawData", ".rawData"),
    ("actions/cancel_subscription/request_body", "toJson .inputs.cancelReasonDetails", ".inputs.cancelReasonDetails"),
    ("actions/cancel_subscription/response_transformation", "404 409", "404"),
    ("actions/skip_next_order/response_transformation", "toJson .rawData", ".rawData"),
    ("actions/cancel_reasons/response_transformation", 'fail "portal error"', 'stop "portal error"'),
    ("ui/forms/cancelOrder/form", "{{ if .can_cancel -}}", "{{ if .id -}}"),
    ("ui/forms/cancelOrder/form", "{{- if $reasons }}", "{{- if true }}"),
    ("ui/forms/skipNextOrder/form", "{{ if .next_order_id -}}", "{{ if .id -}}"),
    ("ui/forms/skipNextOrder/form", "trunc 10 .next_billing_at", "slice .next_billing_at 0 10"),
    ("ui/forms/skipNextOrder/form", "| b64enc", ""),
    ("ui/forms/skipNextOrder/action_inputs", "b64dec .selection", ".selection"),
    ("ui/forms/cancelOrder/action_result", "if not .action.result", "if not .action"),
]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require_go()
    return tmp_path_factory.mktemp("go")


def rendered(dataset: Dataset, name: str, template: str, folder: Path) -> Any:
    """The output: one line for each URL and each object, or the value that the JSON says."""
    results = render_templates([(template, context) for context in dataset.contexts(name)], folder)
    # A pull without what it needs is expected, an answer that the package does not know is a fault.
    ended = "stopped" if name == "request_url" else "failed"
    assert not any(value for result in results for key, value in result.items() if key not in (ended, "output")), (
        results
    )
    if results[0][ended]:
        return results[0][ended]
    text = "\n".join(result["output"] for result in results).strip()
    is_text = (dataset.path / f"expected_{name}.txt").exists()
    return text if is_text else json.loads(text)


def as_expected(dataset: Dataset, name: str) -> Any:
    """Of a template that stops or fails, the reason is expected as a JSON string."""
    expected = dataset.expected(name)
    return json.loads(expected) if isinstance(expected, str) and expected.startswith('"') else expected


@pytest.mark.parametrize(("template", "dataset"), CASES, ids=[f"{each.id}-{path.stem}" for path, each in CASES])
def test_go_renders_what_the_dataset_expects(template: Path, dataset: Dataset, folder: Path) -> None:
    assert rendered(dataset, template.stem, TEMPLATES[template], folder) == as_expected(dataset, template.stem)


@pytest.mark.parametrize(("name", "old", "new"), MUTATIONS)
def test_a_changed_template_is_noticed(name: str, old: str, new: str, folder: Path) -> None:
    template = APP / f"{name}.gtpl"
    assert old in TEMPLATES[template]
    changed = TEMPLATES[template].replace(old, new)
    assert not all(_is_expected(dataset, template.stem, changed, folder) for path, dataset in CASES if path == template)


def _is_expected(dataset: Dataset, name: str, template: str, folder: Path) -> bool:
    try:
        return bool(rendered(dataset, name, template, folder) == as_expected(dataset, name))
    except (AssertionError, ValueError):
        return False
