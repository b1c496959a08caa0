"""Sends answers late, byte by byte or not at all, where a view asks for it; all of it in the event loop."""

import asyncio
import logging
import os
import socket
from typing import NamedTuple

import psutil
from granian.rsgi import HTTPProtocol, Scope

from common.web.answer_faults import AnswerFault, Manner

logger = logging.getLogger(__name__)
# Of one process. Each takes a connection, of which the other requests need most.
MOST_HELD = 200
# What a body without content consists of, so that there is something to drip.
FILLER = b" " * 20

held = 0


class SpoiltAnswer(NamedTuple):
    """Django's whole response, and how to spoil it."""

    fault: AnswerFault
    status: int
    headers: list[tuple[str, str]]
    body: bytes


async def send_spoilt_answer(scope: Scope, protocol: HTTPProtocol, answer: SpoiltAnswer) -> None:
    global held
    seconds = answer.fault.seconds if held < MOST_HELD else 0
    held += 1
    try:
        if answer.fault.manner is Manner.DRIPPING:
            await drip(protocol, answer, seconds)
        elif not await client_left(protocol, seconds):
            if answer.fault.manner is Manner.CUT:
                cut_connection(scope.client)
            else:
                protocol.response_bytes(answer.status, answer.headers, answer.body)
    finally:
        held -= 1


async def client_left(protocol: HTTPProtocol, seconds: float) -> bool:
    """Wait for the seconds, or until the client has gone."""
    try:
        async with asyncio.timeout(seconds):
            await protocol.client_disconnect()
    except TimeoutError:
        return False
    return True


async def drip(protocol: HTTPProtocol, answer: SpoiltAnswer, seconds: float) -> None:
    body = answer.body or FILLER
    # The length would be wrong for a filler, and a dripping answer in chunks has no known end.
    headers = [(name, value) for name, value in answer.headers if name.lower() != "content-length"]
    stream = protocol.response_stream(answer.status, headers)
    for index in range(len(body)):
        await stream.send_bytes(body[index : index + 1])
        await asyncio.sleep(seconds / len(body))


def cut_connection(client: str) -> None:
    """Reset the connection from the address and port `client`: RSGI itself can only answer."""
    host, _, port = client.rpartition(":")
    peer = (host.strip("[]"), int(port))
    for connection in psutil.Process().net_connections("tcp"):
        if connection.raddr and tuple(connection.raddr) == peer:
            with socket.socket(fileno=os.dup(connection.fd)) as duplicate:
                duplicate.shutdown(socket.SHUT_RDWR)
