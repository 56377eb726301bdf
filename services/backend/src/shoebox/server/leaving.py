"""How a worker leaves: it hands its idle connections to the next generation, or drains them."""

from __future__ import annotations

import time

from shoebox.server import handover
from shoebox.server.clients import Client
from shoebox.server.parking import Parking
from shoebox.server.programs import Slot


class Leaving:
    """Whether and how. While `retiring`, connections change their process; while `draining`, each
    ends with its current answer, or a moment after `since`. Threads may call `hand_over`."""

    def __init__(self, slot: Slot, parking: Parking) -> None:
        self.draining = False
        self.retiring = False
        self.since = 0.0
        self._slot = slot
        self._parking = parking

    @property
    def begun(self) -> bool:
        """Whether the worker is on its way out."""
        return self.draining or self.retiring

    def begin(self, now: float) -> None:
        """Retire where there are heirs, else drain."""
        if self._slot.replaced and self._slot.handover is not None:
            self.retiring = True
        else:
            self._drain(now)

    def hand_over(self, client: Client) -> bool:
        """Give the idle connection to the next generation. False: nobody takes it, so all are drained
        from now on."""
        # The other process keeps it open, so closing our copy would not end the watch.
        self._parking.forget(client)
        if self._slot.handover is None or not handover.give(self._slot.handover.give, client.fd):
            self.retiring = False
            self._drain(time.monotonic())
            return False
        client.let_go()
        return True

    def _drain(self, now: float) -> None:
        self.since = now
        self.draining = True
