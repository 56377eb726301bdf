"""A bounded set of database connections that threads take turns with."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Final, Generic, Protocol, TypeVar

from shoebox.domain.errors import Unavailable

WAIT: Final = 3.0  # seconds for a free connection; statements take milliseconds
TURN: Final = 0.05  # seconds that are not worth stepping aside for


def stay() -> bool:
    """For threads that nobody else waits for."""
    return True


class Connection(Protocol):
    """All that a pool needs to know of a connection."""

    def close(self) -> object:
        """Free it; harmless when it is broken already."""


C = TypeVar("C", bound=Connection)


class Pool(Generic[C]):
    """At most `size` connections, made when first needed: connections do not survive a fork.

    The one used last is lent first, so that a quiet time leaves the rest idle. `step_aside` is
    called in a thread that is about to wait, and says whether it may.
    """

    def __init__(
        self, connect: Callable[[], C], *, size: int, wait: float = WAIT, step_aside: Callable[[], bool] = stay
    ) -> None:
        self.size: Final = size
        self._connect = connect
        self._wait = wait
        self._step_aside = step_aside
        # One for each that may be lent. A semaphore of threading is Python and costs a dozen times as much.
        self._free: SimpleQueue[None] = SimpleQueue()
        for _ in range(size):
            self._free.put(None)
        self._idle: deque[C] = deque()
        self._lent: set[C] = set()  # adding and removing are one step each, for all threads

    @property
    def lent(self) -> int:
        """How many connections are in use."""
        return len(self._lent)

    def borrow(self) -> Loan[C]:
        """A connection for the length of a block. If the block raises, the connection is
        closed, for nobody knows in what state it is. Entering it raises `Unavailable` when none
        gets free in time, and whatever `connect` raises."""
        return Loan(self)

    def lend(self) -> C:
        """What `borrow` does at its beginning."""
        if not self._acquire():
            raise Unavailable("The database is busy; try again in a moment.")
        try:
            connection = self._take()
        except BaseException:
            self._free.put(None)
            raise
        self._lent.add(connection)
        return connection

    def take_back(self, connection: C, *, broken: bool) -> None:
        """What `borrow` does at its end."""
        try:
            if broken:
                connection.close()
        finally:
            self._lent.discard(connection)
            if not broken:
                self._idle.append(connection)
            self._free.put(None)

    def _acquire(self) -> bool:
        """After an outage many want one at once; whoever has to wait keeps no thread from others."""
        if self._comes_free(min(TURN, self._wait)):
            return True
        return self._step_aside() and self._comes_free(self._wait)

    def _comes_free(self, seconds: float) -> bool:
        try:
            self._free.get(timeout=seconds)
        except Empty:
            return False
        return True

    def close(self) -> None:
        """Close the idle connections. Those that are lent come back as idle ones."""
        while self._idle:
            try:
                self._idle.pop().close()
            except IndexError:  # another thread took the last one
                return

    def _take(self) -> C:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()


class Loan(Generic[C]):
    """One connection of a pool, while somebody has it. A class, since each statement has one and a
    generator costs several times as much."""

    __slots__ = ("_connection", "_pool")

    def __init__(self, pool: Pool[C]) -> None:
        self._pool = pool

    def __enter__(self) -> C:
        self._connection = self._pool.lend()
        return self._connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pool.take_back(self._connection, broken=error is not None)
