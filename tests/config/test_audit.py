"""The audit of what others wrote: whether it knows all of it, and what it makes of the answers of its two tools."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

SCRIPTS = {
    "@alpinejs/csp": ("unfold/js/alpine/alpine.js", r'version:"([\d.]+)"'),
    "chart.js": ("unfold/js/chart/chart.js", r'version="([\d.]+)"'),
    "htmx.org": ("unfold/js/htmx/htmx.js", r'version:"([\d.]+)"'),
    "jquery": ("admin/js/vendor/jquery/jquery.min.js", r"jQuery v([\d.]+)"),
    "select2": ("admin/js/vendor/select2/select2.full.min.js", r"Select2 ([\d.]+)"),
    "simplebar": ("unfold/js/simplebar/simplebar.js", r"simplebar - v([\d.]+)"),
    "sortablejs": ("unfold/js/alpine/alpine.sort.js", r'var \w+="(\d+\.\d+\.\d+)"'),
    "swagger-ui-dist": (
        "drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js",
        r'PACKAGE_VERSION:\w+,[^{]+\{PACKAGE_VERSION:"([\d.]+)"',
    ),
    "xregexp": ("admin/js/vendor/xregexp/xregexp.min.js", r'\.version="([\d.]+)"'),
}
# Parts of those above, and what no page of ours loads.
FURTHER = {
    *(f"unfold/js/alpine/alpine.{part}.js" for part in ("anchor", "persist", "resize")),
    "drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-standalone-preset.js",
    "drf_spectacular_sidecar/swagger-ui-dist/oauth2-redirect.js",
    "drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js",
}
OF_OTHERS = re.compile(r"unfold/js/.+/.+\.js|admin/js/vendor/[^/]+/.+\.min\.js|drf_spectacular_sidecar/.+\.js")
WEAK_PACKAGE = {"dependencies": [{"name": "django", "version": "5.2.1", "vulns": [{"id": "PYSEC-2026-1"}]}]}
SOUND_PACKAGE = {"dependencies": [{"name": "django", "version": "5.2.1", "vulns": []}]}
UNKNOWN_PACKAGE = {"dependencies": [{"name": "django", "skip_reason": "not found"}]}
ADVISORY = {"url": "https://advisories.example/GHSA-1", "range": "<2.0.5"}
WEAK_SCRIPT = {
    "vulnerabilities": {
        "htmx.org": {"name": "htmx.org", "via": [ADVISORY]},
        "behind": {"name": "behind", "via": ["htmx.org"]},
    }
}
SOUND_SCRIPTS: dict[str, object] = {"vulnerabilities": {}}


def test_the_list_of_scripts_has_the_versions_that_browsers_get() -> None:
    listed = json.loads(Path("requirements/scripts/package.json").read_text())["dependencies"]
    shipped = {}
    for name, (path, version) in SCRIPTS.items():
        found = re.search(version, Path(finders.find(path)).read_text())
        shipped[name] = found and found[1]
    assert listed == shipped


def test_no_script_of_others_is_missing_in_the_list() -> None:
    served = {path for finder in finders.get_finders() for path, _ in finder.list([]) if OF_OTHERS.fullmatch(path)}
    assert served == {path for path, _ in SCRIPTS.values()} | FURTHER


@pytest.mark.parametrize("name", ["base", "dev", "audit", "next"])
def test_every_package_is_pinned_with_its_hash(name: str) -> None:
    text = Path(f"requirements/{name}.txt").read_text().replace("\\\n", "")
    packages = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert len(packages) > 10
    assert [each for each in packages if not re.match(r"[\w.\[\]-]+==[\w.]+ .*--hash=sha256:[0-9a-f]{64}", each)] == []
    assert text.count("--hash") and "://" not in text


def run_audit(folder: Path, packages: object, scripts: object, decisions: str = "") -> tuple[int, list[str]]:
    """How the audit ends, and what it says, when its tools answer this; a text is no JSON."""
    (folder / "requirements/scripts").mkdir(parents=True)
    (folder / "requirements/scripts/package.json").write_text("{}")
    (folder / "requirements/advisories.toml").write_text(decisions)
    for tool, answer in (("pip-audit", packages), ("npm", scripts)):
        (folder / f"{tool}.json").write_text(answer if isinstance(answer, str) else json.dumps(answer))
        (folder / tool).write_text(f"#!/bin/sh\ncat {folder}/{tool}.json\nexit 1\n")
        (folder / tool).chmod(0o755)
    (folder / ".ci").mkdir()
    script = shutil.copy(".ci/audit", folder / ".ci")
    env = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}
    ended = subprocess.run([sys.executable, script], capture_output=True, text=True, env=env)
    return ended.returncode, ended.stdout.splitlines()


@pytest.mark.parametrize(
    ("packages", "scripts", "status", "known", "scope"),
    [
        (SOUND_PACKAGE, SOUND_SCRIPTS, 0, 0, "in all packages and scripts"),
        (WEAK_PACKAGE, SOUND_SCRIPTS, 1, 1, "in all packages and scripts"),
        (SOUND_PACKAGE, WEAK_SCRIPT, 1, 1, "in all packages and scripts"),
        (UNKNOWN_PACKAGE, SOUND_SCRIPTS, 2, 0, "in what could be asked about"),
        ("no network", WEAK_SCRIPT, 1, 1, "in what could be asked about"),
        (SOUND_PACKAGE, {"error": "405"}, 2, 0, "in what could be asked about"),
    ],
)
def test_a_weakness_or_a_missing_answer_is_told(
    tmp_path: Path, packages: object, scripts: object, status: int, known: int, scope: str
) -> None:
    ended, said = run_audit(tmp_path, packages, scripts)
    assert (ended, said[-1]) == (status, f"{known} known weaknesses {scope}, {known} of them without a decision.")


@pytest.mark.parametrize(("until", "status"), [("2999-01-01", 0), ("2026-01-01", 1)])
def test_a_decision_counts_until_its_day(tmp_path: Path, until: str, status: int) -> None:
    decisions = "\n".join(f'[{name}]\nwhy = "Unused."\nuntil = {until}' for name in ("PYSEC-2026-1", "GHSA-1"))
    ended, said = run_audit(tmp_path, WEAK_PACKAGE, WEAK_SCRIPT, decisions)
    named = [line.partition(":")[0] for line in said[:-1]]
    assert (ended, named) == (status, ["GHSA-1", "PYSEC-2026-1"] if status else [])
