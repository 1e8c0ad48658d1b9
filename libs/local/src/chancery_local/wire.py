"""Readiness probes that speak just enough of each server's protocol to know that it serves."""

from __future__ import annotations

import socket
import struct

PROBE_TIMEOUT_S = 2.0
_METADATA_KEY, _METADATA_VERSION = 3, 1
_PROTOCOL_3_0 = 196_608
_MAX_REPLY_BYTES = 1 << 20


def kafka_serves(host: str, port: int) -> bool:
    """Whether a broker answers a metadata request and names at least one live (unfenced) broker."""
    # https://kafka.apache.org/protocol: size, key, version, correlation, client id; then an empty list of topics
    request = struct.pack(">hhih5si", _METADATA_KEY, _METADATA_VERSION, 1, 5, b"probe", 0)
    try:
        with socket.create_connection((host, port), timeout=PROBE_TIMEOUT_S) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            (size,) = struct.unpack(">i", _read(connection, 4))
            if not 8 <= size <= _MAX_REPLY_BYTES:
                return False
            _correlation, brokers = struct.unpack(">ii", _read(connection, 8))
            return bool(brokers > 0)
    except OSError:
        return False


def postgres_serves(host: str, port: int) -> bool:
    """Whether a server asks for authentication; one that is starting or recovering answers with an error."""
    parameters = b"user\0probe\0database\0probe\0application_name\0chancery-probe\0\0"
    try:
        with socket.create_connection((host, port), timeout=PROBE_TIMEOUT_S) as connection:
            connection.sendall(struct.pack(">ii", len(parameters) + 8, _PROTOCOL_3_0) + parameters)
            return connection.recv(_MAX_REPLY_BYTES).startswith(b"R")
    except OSError:
        return False


def _read(connection: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        chunk = connection.recv(count - len(received))
        if not chunk:
            raise ConnectionError("the server closed the connection")
        received += chunk
    return received
