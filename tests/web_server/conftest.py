from collections.abc import Iterator

import pytest

from tests.web_server.server import WebServer, running_web_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    home = tmp_path_factory.mktemp("web")
    (home / "static").mkdir()
    (home / "static" / "large.js").write_bytes(b"0123456789" * 500_000)
    with running_web_server(home) as running:
        yield running
