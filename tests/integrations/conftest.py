from collections.abc import Iterator

import pytest

from integrations import http


@pytest.fixture(autouse=True)
def transport_of_its_own() -> Iterator[None]:
    """An open connection would keep a thread of the live server, and with it a database session, alive."""
    made = http.get_transport
    made.cache_clear()
    yield
    if made.cache_info().currsize:
        made().close()
    made.cache_clear()
