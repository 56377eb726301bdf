"""The codec as workers see it: jobs go to decoder processes, which may crash, hang or be
killed without taking a worker along."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import tempfile
import time
from typing import BinaryIO, Final

from shoebox.domain.errors import InvalidImage, Unavailable
from shoebox.imaging import wire
from shoebox.ports import Examined, Staged

log = logging.getLogger(__name__)

WAIT: Final = 50.0  # seconds for queue and decode together: under the 60 s a proxy waits
_EXAMINE: Final = wire.Job()
UNDECODABLE: Final = "The picture could not be decoded: it is damaged, or too costly to decode."


class RemoteCodec:
    """`ports.ImageCodec` over the queue of the decoder processes. Safe for threads.

    `jobs` is the workers' end of a datagram socket pair; the decoders receive from the
    other. It gets a time limit here: after `wait` seconds without an answer a call raises
    `Unavailable`. A job whose decoder dies is not repeated: what kills one kills the next.
    """

    def __init__(self, jobs: socket.socket, *, wait: float = WAIT) -> None:
        self._jobs = jobs
        self._wait = wait
        jobs.settimeout(wait)

    def examine(self, staged: Staged) -> Examined:
        """As `ports.ImageCodec.examine`."""
        answer = self._ask(_EXAMINE, staged.fileno())
        if not isinstance(answer, Examined):
            raise Unavailable("The decoder gave an answer to another question.")
        return answer

    def thumbnail(self, picture: BinaryIO, width: int) -> bytes:
        """As `ports.ImageCodec.thumbnail`. A picture that is no file is copied to one first."""
        job = wire.Job(width=width)
        try:
            descriptor = picture.fileno()
        except OSError:  # io.UnsupportedOperation is one
            with tempfile.TemporaryFile() as copy:
                shutil.copyfileobj(picture, copy)
                copy.flush()
                answer = self._ask(job, copy.fileno())
        else:
            answer = self._ask(job, descriptor)
        if isinstance(answer, Examined):
            raise Unavailable("The decoder gave an answer to another question.")
        return answer

    def _ask(self, job: wire.Job, picture: int) -> Examined | bytes:
        deadline = time.monotonic() + self._wait
        ours, theirs = wire.reply_pipe()
        try:
            # Once the job is sent, theirs must be open in the decoder only: its death
            # is then seen here as an end of file.
            try:
                wire.send_job(self._jobs, job, picture, theirs)
            finally:
                os.close(theirs)
            return wire.receive_answer(ours, max(0.001, deadline - time.monotonic()))
        except wire.Hangup as error:
            log.warning("decoder died", extra={"reason": str(error)})
            raise InvalidImage(UNDECODABLE) from error
        except OSError as error:  # TimeoutError is one
            log.warning("no decoder free", extra={"error": type(error).__name__})
            raise Unavailable("All decoders are busy.") from error
        finally:
            os.close(ours)
