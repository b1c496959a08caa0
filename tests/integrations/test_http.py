"""Outbound HTTP against real sockets on this machine."""

import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from common.web.outbound_address import AddressRefused, resolve_allowed_url
from integrations import http


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.path == "/slow-headers":
            self.trickle(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 100)
            return
        size = 200_000 if self.path == "/big" else 0
        body = b"x" * size or f"{self.headers['Host']} {self.client_address[1]}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path == "/trickle":
            self.trickle(body)
        else:
            self.wfile.write(body)

    def trickle(self, content: bytes) -> None:
        with suppress(OSError):  # the client hangs up
            for byte in content:
                self.wfile.write(bytes([byte]))
                time.sleep(0.1)

    def log_message(self, *_: object) -> None: ...


@contextmanager
def running_server() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture
def port() -> Iterator[int]:
    with running_server() as number:
        yield number


@pytest.fixture
def private_allowed(settings) -> None:
    settings.OUTBOUND_ALLOW_PRIVATE_ADDRESSES = True


def resolve_to(monkeypatch, *answers: list[str]) -> None:
    """Make every name resolve to the next of `answers`, the last one for ever."""
    queue, real = list(answers), socket.getaddrinfo

    def resolve(name: str, port: int, *rest: int, **options: int) -> list[tuple[object, ...]]:
        if not name.endswith(".test"):
            return real(name, port, *rest, **options)
        addresses = queue.pop(0) if len(queue) > 1 else queue[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def test_a_private_address_is_not_called():
    with pytest.raises(AddressRefused, match="private address"):
        http.send_request("GET", "https://169.254.169.254/", headers={})


def test_one_private_address_among_public_ones_is_refused(monkeypatch):
    resolve_to(monkeypatch, ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(AddressRefused):
        resolve_allowed_url(httpx.URL("https://shop.test/"))


@pytest.mark.parametrize(
    ("url", "sentence"),
    [("http://93.184.216.34/", "https://"), ("https://user:word@93.184.216.34/", "user name")],
)
def test_plain_http_and_passwords_in_the_address_are_refused(url, sentence):
    with pytest.raises(AddressRefused, match=sentence):
        http.send_request("GET", url, headers={})


def test_an_unknown_name_counts_as_no_answer():
    with pytest.raises(httpx.ConnectError):
        http.send_request("GET", "https://nowhere.invalid/", headers={})


def test_a_request_goes_to_the_address_that_was_checked_under_its_own_name(monkeypatch, port, private_allowed):
    resolve_to(monkeypatch, ["127.0.0.1"], ["192.0.2.1"])
    reply = http.send_request("GET", f"http://shop.test:{port}/", headers={})
    assert (reply.status, reply.body.split()[0]) == (200, f"shop.test:{port}".encode())


def test_a_name_that_turns_private_is_refused_at_the_next_request(monkeypatch):
    resolve_to(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    url = httpx.URL("https://shop.test/")
    assert resolve_allowed_url(url) == ["93.184.216.34"]
    with pytest.raises(AddressRefused):
        resolve_allowed_url(url)


def test_the_next_address_is_tried_when_nothing_listens_at_the_first(monkeypatch, port, private_allowed):
    resolve_to(monkeypatch, ["127.0.0.2", "127.0.0.1"])
    assert http.send_request("GET", f"http://shop.test:{port}/", headers={}).status == 200


def test_a_connection_is_used_again_for_its_name_but_not_for_another(monkeypatch, port, private_allowed):
    resolve_to(monkeypatch, ["127.0.0.1"])
    first, again, other = (
        http.send_request("GET", f"http://{name}:{port}/", headers={}).body.split()[1]
        for name in ("one.test", "one.test", "two.test")
    )
    assert first == again != other


def test_evicting_a_connection_does_not_cut_an_answer_off(monkeypatch, port, private_allowed):
    resolve_to(monkeypatch, ["127.0.0.1"])
    monkeypatch.setattr(http, "MAX_POOLS", 1)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(http.send_request, "GET", f"http://one.test:{port}/trickle", headers={})
        time.sleep(0.3)
        assert http.send_request("GET", f"http://two.test:{port}/", headers={}).status == 200
        assert slow.result().status == 200


def test_a_certificate_of_another_name_ends_the_request(monkeypatch, tmp_path, private_allowed):
    with tls_server(tmp_path, "shop.test") as (port, trusted):
        monkeypatch.setattr(http.httpx, "create_ssl_context", lambda **_: trusted)
        resolve_to(monkeypatch, ["127.0.0.1"])
        assert http.send_request("GET", f"https://shop.test:{port}/", headers={}).status == 200
        with pytest.raises(httpx.ConnectError, match="mismatch"):
            http.send_request("GET", f"https://other.test:{port}/", headers={})


def test_a_redirect_is_not_followed(port, private_allowed):
    reply = http.send_request("GET", f"http://127.0.0.1:{port}/moved", headers={})
    assert (reply.status, reply.headers["Location"]) == (302, "http://169.254.169.254/")


def test_a_proxy_of_the_environment_is_not_used(monkeypatch, port, private_allowed):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert http.send_request("GET", f"http://127.0.0.1:{port}/", headers={}).status == 200


def test_an_answer_is_cut_at_64_kib(port, private_allowed):
    assert len(http.send_request("GET", f"http://127.0.0.1:{port}/big", headers={}).body) == 64 * 1024


@pytest.mark.parametrize("path", ["trickle", "slow-headers"])
def test_an_answer_that_trickles_is_given_up(port, private_allowed, path):
    started = time.monotonic()
    with pytest.raises(httpx.ReadTimeout):
        http.send_request("GET", f"http://127.0.0.1:{port}/{path}", headers={}, limits=http.Limits(deadline=0.3))
    assert time.monotonic() - started < 0.6


def test_the_caller_may_limit_how_much_of_an_answer_is_read(port, private_allowed):
    url = f"http://127.0.0.1:{port}/big"
    assert len(http.send_request("GET", url, headers={}, limits=http.Limits(body_bytes=100_000)).body) == 100_000


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (httpx.ConnectTimeout(""), "Nothing answers at this address."),
        (httpx.ReadTimeout(""), "The answer did not come in time."),
        (httpx.RemoteProtocolError(""), "The connection ended before the answer was complete."),
        (httpx.ReadError(""), "The connection ended before the answer was complete."),
    ],
)
def test_a_missing_answer_is_told_in_words(error, sentence):
    assert http.describe_failure(error) == sentence


def test_a_refused_connection_an_unknown_name_and_a_wrong_certificate_are_told_apart(
    monkeypatch, tmp_path, private_allowed
):
    def told(url: str) -> str:
        with pytest.raises(httpx.TransportError) as caught:
            http.send_request("GET", url, headers={})
        return http.describe_failure(caught.value)

    assert told("http://127.0.0.1:9/") == "Nothing answers at this address."
    assert told("https://nowhere.invalid/") == "The host name has no address; check its spelling."
    with tls_server(tmp_path, "shop.test") as (port, trusted):
        monkeypatch.setattr(http.httpx, "create_ssl_context", lambda **_: trusted)
        resolve_to(monkeypatch, ["127.0.0.1"])
        wrong = "The certificate of the other side is not valid for this address."
        assert told(f"https://other.test:{port}/") == wrong


def test_a_forked_process_gets_its_own_transport():
    parents = http.get_transport()
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writer, b"same" if http.get_transport() is parents else b"own")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 8) == b"own"


@pytest.mark.parametrize("own_sandbox", [True, False])
def test_the_own_sandbox_is_called_only_on_request(settings, port, own_sandbox):
    settings.PUBLIC_URL = f"http://127.0.0.1:{port}"
    with nullcontext() if own_sandbox else pytest.raises(AddressRefused):
        reply = http.send_request("GET", settings.PUBLIC_URL + "/sandbox/x", headers={}, own_sandbox=own_sandbox)
        assert reply.status == 200


@contextmanager
def tls_server(folder, name: str) -> Iterator[tuple[int, ssl.SSLContext]]:
    """A server with a certificate for `name`, and a context that trusts it."""
    key, certificate = _self_signed(name)
    (folder / "pair.pem").write_bytes(key + certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pair.pem")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server.server_port, ssl.create_default_context(cadata=certificate.decode())
    server.shutdown()
    server.server_close()


def _self_signed(name: str) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private, certificate.public_bytes(serialization.Encoding.PEM)
