"""Renders templates with Go, as Gladly does."""

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

RENDERER = Path(__file__).with_name("renderer.go")
IS_REQUIRED = os.environ.get("REPRISE_CONTRACTS_REQUIRED") == "1"
# Only the standard library is used, so neither modules nor a C compiler.
GO = {"GO111MODULE": "off", "CGO_ENABLED": "0"}


def require_go() -> None:
    """Skip the test where Go is missing. With `REPRISE_CONTRACTS_REQUIRED=1` it fails instead."""
    if shutil.which("go"):
        return
    if IS_REQUIRED:
        pytest.fail("Go is not installed")
    pytest.skip("the templates are rendered with Go, which is not installed")


@cache
def _compiled(folder: Path) -> Path:
    target = folder / "renderer"
    cache = {"GOCACHE": str(folder / "cache")} if "HOME" not in os.environ else {}
    subprocess.run(["go", "build", "-o", target, RENDERER], check=True, env=os.environ | GO | cache)
    return target


def render_templates(jobs: list[tuple[str, Any]], folder: Path) -> list[dict[str, str]]:
    """What becomes of each template with its context: `output`, `stopped`, `failed` or `error`."""
    given = json.dumps([{"template": template, "context": context} for template, context in jobs])
    done = subprocess.run([_compiled(folder)], input=given, capture_output=True, text=True, check=True)
    rendered: list[dict[str, str]] = json.loads(done.stdout)
    return rendered
