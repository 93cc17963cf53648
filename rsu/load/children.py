"""Processes of the bench itself: each has a pipe to the one that started it, and ends with it."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from rsu.errors import SourceError

ANSWER_S_MAX = 120.0
END_S_MAX = 5.0
_context = multiprocessing.get_context("spawn")  # a fork would share ZeroMQ's threads and sockets


class Child:
    """A started process and the pipe to it."""

    def __init__(self, process: multiprocessing.process.BaseProcess, pipe: Connection) -> None:
        self._process = process
        self._pipe = pipe

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def send(self, message: Any) -> None:
        self._pipe.send(message)

    def receive(self, within_s: float = ANSWER_S_MAX) -> Any:
        """What it says next.

        :raises SourceError: where it says nothing in time, or has ended.
        """
        name = self._process.name
        if not self._pipe.poll(within_s):
            raise SourceError(f"bench: process {name} gave no answer within {within_s:g} s")
        try:
            return self._pipe.recv()
        except EOFError:
            self._process.join(END_S_MAX)
            raise SourceError(f"bench: process {name} ended with code {self._process.exitcode}") from None

    def ask(self, *message: Any) -> Any:
        self._pipe.send(message)
        return self.receive()

    def answered(self) -> bool:
        """Whether an answer waits, or the process has ended."""
        return self._pipe.poll(0)

    def end(self) -> None:
        """Ends it, kindly first: a closed pipe tells it to stop."""
        self._pipe.close()
        self._process.join(END_S_MAX)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()


def started(body: Callable[..., None], *arguments: Any) -> Child:
    """A process that runs ``body(*arguments, pipe)``."""
    here, there = _context.Pipe()
    process = _context.Process(target=_run, args=(body, *arguments, there), name=body.__name__.strip("_"), daemon=True)
    process.start()
    there.close()
    return Child(process, here)


def _run(body: Callable[..., None], *arguments: Any) -> None:
    """Ctrl-C goes to all processes of a terminal; the one that started this one ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(EOFError, BrokenPipeError):  # the pipe's other end has gone: nobody waits for a result
        body(*arguments)
