"""The pipe that tells of the master's end where the kernel does not."""

from __future__ import annotations

import os
import time

from shoebox.server.lifeline import ORPHANED, exit_at_end


def test_the_end_of_the_pipe_is_the_end_of_the_process() -> None:
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(write)
        exit_at_end(read)
    os.close(read)
    time.sleep(0.1)
    assert os.waitpid(pid, os.WNOHANG) == (0, 0)
    os.close(write)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == ORPHANED
