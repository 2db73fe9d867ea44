"""The way by which forked processes ask the one that has drawings.

A socket in a folder that only its user may enter; whoever connects must be the same user. A
question is how long the asker waits, and the job; the reply a letter, and the drawing or why not.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread

from forewatch.errors import DrawingUnavailable
from serving.messages import frame_message, receive_message

_WAIT = struct.Struct("!d")
_PEER = struct.Struct("3i")
_DRAWN, _REFUSED = b"d", b"u"
_SPARE_SECONDS = 2.0  # beyond what the asker waits for, in which the owner says so itself
_BACKLOG = 64

Answer = Callable[[bytes, float], bytes]


class Listener:
    """Answers those who ask at a socket, each in a thread of its own."""

    def __init__(self, path: Path, answer: Answer) -> None:
        """Begin to listen.

        Args:
            path: of the socket, in a folder that is only its user's.
            answer: gives a drawing within so many seconds, or raises DrawingUnavailable.

        Raises:
            OSError: if there can be no socket there.
        """
        self._answer = answer
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen(_BACKLOG)
        Thread(target=self._accept, name="drawings-listener", daemon=True).start()

    def close(self) -> None:
        """Take no more askers."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        with suppress(OSError):  # it was closed
            while True:
                asker, _ = self._socket.accept()
                if is_own_user(asker):
                    Thread(target=self._talk, args=[asker], daemon=True).start()
                else:
                    asker.close()

    def _talk(self, asker: socket.socket) -> None:
        with asker, suppress(EOFError, OSError):
            while True:
                question = receive_message(asker)
                (seconds,) = _WAIT.unpack(question[: _WAIT.size])
                try:
                    reply = _DRAWN + self._answer(question[_WAIT.size :], seconds)
                except DrawingUnavailable as error:
                    reply = _REFUSED + str(error).encode()
                asker.sendall(frame_message(reply))


class Asker:
    """Asks at a socket, one question at a time; for several threads."""

    def __init__(self, path: Path) -> None:
        """Remember where; nothing is asked yet."""
        self._path = path
        self._lock = Lock()
        self._way: socket.socket | None = None

    def reply(self, job: bytes, wait_seconds: float) -> bytes:
        """Return a drawing.

        Raises:
            DrawingUnavailable: if there is none in time, or nobody to ask.
        """
        with self._lock:
            try:
                told = self._told(_WAIT.pack(wait_seconds) + job, wait_seconds + _SPARE_SECONDS)
            except (EOFError, OSError) as error:
                if self._way is not None:
                    self._way.close()  # a late reply would be taken for the next question's
                self._way = None
                said = "nobody draws charts just now; look again later"
                raise DrawingUnavailable(said) from error
        if told[:1] == _REFUSED:
            raise DrawingUnavailable(told[1:].decode())
        return told[1:]

    def _told(self, question: bytes, seconds: float) -> bytes:
        if self._way is None:
            self._way = socket.socket(socket.AF_UNIX)
            self._way.settimeout(seconds)
            self._way.connect(str(self._path))
        self._way.settimeout(seconds)
        self._way.sendall(frame_message(question))
        return receive_message(self._way)


def is_own_user(asker: socket.socket) -> bool:
    """Return whether the other end is this user's, or the system can't say."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    told = asker.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    return int(_PEER.unpack(told)[1]) == os.getuid()
