"""The web server's application: it receives whole requests before a thread is taken for them.

A thread that reads a body itself waits for as long as the client likes, and a few silent clients take them all. Here a
slow client costs a connection: the event loop receives each body, up to a deadline and a size, and only then does a
thread run Django. It hands the response over whole, so that no thread waits for a slow reader either. Responses that
are made while they are sent have threads of their own, so that a long file never hinders a click; see `downloads`.
"""

import asyncio
import io
import logging
import sys
import threading
from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus
from queue import SimpleQueue
from tempfile import SpooledTemporaryFile
from typing import IO, Any, NamedTuple
from wsgiref.util import FileWrapper

from django.conf import settings
from django.http import StreamingHttpResponse
from granian.rsgi import HTTPProtocol, Scope

from common.web.answer_faults import ENVIRON_KEY
from config.database.base import DatabaseWrapper
from config.downloads import Download, Stream
from config.spoilt_answers import SpoiltAnswer, send_spoilt_answer
from config.wsgi import application as django_application

logger = logging.getLogger(__name__)
LARGEST_BODY = settings.DATA_UPLOAD_MAX_MEMORY_SIZE  # bytes; Django reads no larger one
MOST_STREAMS = 2  # at a time in one process; each keeps a connection to the database
LARGEST_IN_MEMORY = 64 * 1024  # bytes of one body; a larger one waits in a temporary file
# A body in chunks that was cut off looks whole to the server. JSON shows it, a form does not.
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
REFUSALS = {
    HTTPStatus.BAD_REQUEST: "The body is shorter than its Content-Length.",
    HTTPStatus.REQUEST_TIMEOUT: f"The body did not arrive within {settings.REQUEST_SECONDS} seconds. Send it again.",
    HTTPStatus.LENGTH_REQUIRED: "Send the form with a Content-Length.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: f"The body is too large. The most is {LARGEST_BODY} bytes.",
}


class RefusedBody(Exception):
    def __init__(self, status: HTTPStatus) -> None:
        """`status` is one of REFUSALS."""
        self.status = status


class Call(NamedTuple):
    """A whole request, for a thread. `done` gets its result once the response is handed over."""

    scope: Scope
    protocol: HTTPProtocol
    body: IO[bytes]
    length: int
    done: asyncio.Future[SpoiltAnswer | Stream | None]


class Application:
    """What granian calls with each request, as soon as its headers are there."""

    def __init__(self) -> None:
        self.calls: SimpleQueue[Call] = SimpleQueue()
        self.downloads: SimpleQueue[Download] = SimpleQueue()

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        DatabaseWrapper.statement_seconds = settings.STATEMENT_SECONDS
        work = [(self._answer_calls, settings.WEB_THREADS), (self._make_downloads, MOST_STREAMS)]
        for target, number in work:
            for _ in range(number):
                # A daemon: when the process ends, it waits for a request that never comes.
                threading.Thread(target=target, daemon=True).start()

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        try:
            body, length = await receive_body(scope, protocol)
        except RefusedBody as refused:
            headers = [("content-type", "text/plain"), ("connection", "close")]
            protocol.response_str(refused.status, headers, REFUSALS[refused.status] + "\n")
            return
        done = asyncio.get_running_loop().create_future()
        self.calls.put(Call(scope, protocol, body, length, done))
        match await done:
            case SpoiltAnswer() as spoilt:
                await send_spoilt_answer(scope, protocol, spoilt)
            case Stream() as stream:
                download = Download(stream)
                self.downloads.put(download)
                await download.send(scope, protocol)

    def _answer_calls(self) -> None:
        while True:
            call, answered = self.calls.get(), None
            try:
                answered = answer(call)
            except Exception:
                logger.exception("no response to %s %s", call.scope.method, call.scope.path)
                call.protocol.response_empty(HTTPStatus.INTERNAL_SERVER_ERROR, [])
            call.done.get_loop().call_soon_threadsafe(call.done.set_result, answered)

    def _make_downloads(self) -> None:
        while True:
            try:
                self.downloads.get().make()
            except Exception:
                logger.exception("a download was not made to its end")


async def receive_body(scope: Scope, protocol: HTTPProtocol) -> tuple[IO[bytes], int]:
    """The body, ready to be read, and its length. Raises RefusedBody."""
    is_chunked = "transfer-encoding" in scope.headers
    announced = int(scope.headers.get("content-length", 0))
    if not is_chunked and not announced:
        return io.BytesIO(), 0
    if is_chunked and scope.headers.get("content-type", "").lower().startswith(FORMS):
        raise RefusedBody(HTTPStatus.LENGTH_REQUIRED)
    if announced > LARGEST_BODY:
        raise RefusedBody(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    body = SpooledTemporaryFile(LARGEST_IN_MEMORY)  # noqa: SIM115  its reader comes later; it ends with the request
    try:
        # One deadline for the whole body: a client that sends a byte now and then is slow as well.
        async with asyncio.timeout(settings.REQUEST_SECONDS):
            async for chunk in protocol:
                body.write(chunk)
                if body.tell() > LARGEST_BODY:
                    raise RefusedBody(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    except TimeoutError:
        raise RefusedBody(HTTPStatus.REQUEST_TIMEOUT) from None
    length = body.tell()
    if length < announced:
        raise RefusedBody(HTTPStatus.BAD_REQUEST)
    body.seek(0)
    return body, length


def answer(call: Call) -> SpoiltAnswer | Stream | None:
    """Run Django and hand its response over, or return it where it is to be spoilt or streamed."""
    status, headers = 0, []

    def start_response(line: str, fields: list[tuple[str, str]], exc_info: Any = None) -> None:
        nonlocal status, headers
        status, headers = int(line[:3]), fields

    environ = build_environ(call)
    content: Any = django_application(environ, start_response)  # type: ignore[arg-type]  # Django uses no write()
    if isinstance(content, StreamingHttpResponse):
        return Stream(status, headers, content)
    try:
        if fault := environ.get(ENVIRON_KEY):
            return SpoiltAnswer(fault, status, headers, b"".join(content))
        if isinstance(content, io.BufferedReader):
            call.protocol.response_file(status, headers, content.name)
        else:
            call.protocol.response_bytes(status, headers, b"".join(content))
    finally:
        content.close()
    return None


def wrap_file(file: Any, size: int) -> Any:
    """What Django shall return for a response whose content is `file`: a whole file is sent by its name."""
    return file if isinstance(file, io.BufferedReader) else FileWrapper(file, size)


ENVIRON = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
    "wsgi.file_wrapper": wrap_file,
}


def build_environ(call: Call) -> dict[str, Any]:
    scope = call.scope
    server, _, port = scope.server.rpartition(":")
    return {
        **ENVIRON,
        **header_variables(scope.headers.items()),
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": server,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "CONTENT_LENGTH": str(call.length),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": call.body,
    }


def header_variables(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    variables: dict[str, str] = {}
    for header, value in headers:
        # X_Forwarded_For would become the same variable as the proxy's X-Forwarded-For.
        if "_" in header:
            continue
        name = variable_name(header)
        separator = ";" if name == "HTTP_COOKIE" else ","
        variables[name] = f"{variables[name]}{separator}{value}" if name in variables else value
    return variables


@lru_cache(maxsize=256)  # clients may make up any number of names
def variable_name(header: str) -> str:
    name = header.upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"


application = Application()
