"""One address of the client, for rate limits and logins."""

import pytest
from axes.helpers import get_client_ip_address

from common.web.client_address import client_address


def test_behind_a_proxy_the_address_is_the_one_the_proxy_saw(rf, settings) -> None:
    request = rf.get("/", headers={"X-Forwarded-For": "1.1.1.1, 2.2.2.2"}, REMOTE_ADDR="127.0.0.1")
    assert client_address(request) == "127.0.0.1"
    settings.PROXIES = 1
    assert client_address(request) == "2.2.2.2"
    assert client_address(rf.get("/", REMOTE_ADDR="3.3.3.3")) == "3.3.3.3"
    settings.PROXIES = 2
    assert client_address(request) == "1.1.1.1"
    settings.PROXIES = 3
    assert client_address(request) == "127.0.0.1"


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("192.0.2.1:5678", "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::"),
        ("[2001:db8::1]", "2001:db8::"),
        ("[2001:db8::1]:5678", "2001:db8::"),
        ("2001:db8:0:1:2:3:4:5", "2001:db8:0:1::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unknown", "10.0.0.1"),
        ("1.1.1.1,", "10.0.0.1"),
        ("[", "10.0.0.1"),
    ],
)
def test_an_entry_may_have_a_port_and_what_is_no_address_is_ignored(rf, settings, entry: str, address: str) -> None:
    settings.PROXIES = 1
    assert client_address(rf.get("/", headers={"X-Forwarded-For": entry}, REMOTE_ADDR="10.0.0.1")) == address


@pytest.mark.parametrize(("peer", "address"), [("2001:db8::1", "2001:db8::"), ("::1", "::"), ("", "")])
def test_a_peer_of_ipv6_counts_with_its_network(rf, peer: str, address: str) -> None:
    assert client_address(rf.get("/", REMOTE_ADDR=peer)) == address


def test_logins_are_throttled_by_the_same_address(rf, settings) -> None:
    settings.PROXIES = 1
    request = rf.get("/", headers={"X-Forwarded-For": "1.1.1.1, 2.2.2.2"}, REMOTE_ADDR="127.0.0.1")
    assert get_client_ip_address(request) == client_address(request) == "2.2.2.2"
