"""Messages between our own processes: a length, then so many bytes."""

from __future__ import annotations

import socket
import struct

_LENGTH = struct.Struct("!Q")
_READ_BYTES = 2**20
LENGTH_BYTES = _LENGTH.size


def frame_message(content: bytes) -> bytes:
    """Return a message as it is sent: its length, then what it says."""
    return _LENGTH.pack(len(content)) + content


def length_of(frame: bytes) -> int:
    """Return the length of what follows the first bytes of a message."""
    return int(_LENGTH.unpack(frame)[0])


def receive_message(source: socket.socket) -> bytes:
    """Return the next message; EOFError if the other end is gone."""
    return exact_bytes(source, length_of(exact_bytes(source, LENGTH_BYTES)))


def exact_bytes(source: socket.socket, length: int) -> bytes:
    """Return so many bytes; EOFError if the other end is gone."""
    found = bytearray()
    while len(found) < length:
        part = source.recv(min(length - len(found), _READ_BYTES))
        if not part:
            raise EOFError
        found += part
    return bytes(found)
