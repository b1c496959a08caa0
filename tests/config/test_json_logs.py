import io
import json
import logging
import logging.config
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import RequestFactory

from common.web.request_id import RequestIdFilter, current_request_id
from config.json_logs import JsonFormatter


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    """What a logger `tried` writes as JSON."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(RequestIdFilter())
    logger = logging.getLogger("tried")
    logger.addHandler(handler)
    yield stream
    logger.removeHandler(handler)


def test_a_line_is_an_object_with_the_ids_it_was_given(output: io.StringIO) -> None:
    token = current_request_id.set("abc")
    request = RequestFactory().get("/?token=secret")
    given = {"delivery": 7, "event": 8, "request": request}
    logging.getLogger("tried").warning("delivery %s\nfailed: %s", 7, "ü", extra=given)
    current_request_id.reset(token)
    [text] = output.getvalue().splitlines()
    line = json.loads(text)
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "WARNING",
        "logger": "tried",
        "message": "delivery 7\nfailed: ü",
        "request_id": "abc",
        "delivery": 7,
        "event": 8,
    }


def test_a_fault_is_one_line_with_its_traceback_and_without_a_request_outside_of_one(output: io.StringIO) -> None:
    try:
        raise ValueError("wrong")
    except ValueError:
        logging.getLogger("tried").exception("it failed")
    [text] = output.getvalue().splitlines()
    line = json.loads(text)
    assert line["exception"].endswith("ValueError: wrong")
    assert "request_id" not in line


@pytest.mark.parametrize("chosen", ["line", "json"])
def test_the_setting_chooses_the_form_of_the_lines(chosen: str) -> None:
    environment = os.environ | {"LOG_FORMAT": chosen}
    ask = "from config.settings import LOGGING; print(LOGGING['handlers']['stderr']['formatter'])"
    asked = subprocess.run([sys.executable, "-c", ask], cwd=settings.BASE_DIR, env=environment, capture_output=True)
    assert asked.stdout.decode().strip() == chosen
    formatter = logging.config.DictConfigurator(settings.LOGGING).configure_formatter(
        dict(settings.LOGGING["formatters"][chosen])
    )
    assert isinstance(formatter, JsonFormatter) is (chosen == "json")
