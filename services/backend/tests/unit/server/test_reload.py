"""What passes from a master to its successor."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest

from shoebox.server.reload import VARIABLE, Inheritance, Reloading, become


def estate(pid: int) -> Inheritance:
    return Inheritance(
        pid=pid,
        generation=3,
        lifeline=(3, 4),
        listeners={"worker/0/127.0.0.1:8080": 5},
        handovers={"worker": (6, 7)},
        children=((101, "worker", 0), (102, "decoder", 0)),
    )


def test_an_inheritance_is_read_as_it_was_written() -> None:
    left = estate(os.getpid())
    assert Inheritance.read({VARIABLE: json.dumps(asdict(left))}) == left


def test_what_another_version_added_is_ignored() -> None:
    left = estate(os.getpid())
    assert Inheritance.read({VARIABLE: json.dumps({**asdict(left), "future": 1})}) == left


def test_another_process_inherits_nothing() -> None:
    assert Inheritance.read({VARIABLE: json.dumps(asdict(estate(os.getpid() + 1)))}) is None


def test_a_first_start_inherits_nothing() -> None:
    assert Inheritance.read({}) is None


def test_a_failed_exec_leaves_no_descriptor_open_to_programs(tmp_path: Path) -> None:
    read, write = os.pipe()
    left = Inheritance(pid=os.getpid(), generation=1, lifeline=(read, write), listeners={}, handovers={}, children=())
    missing = [str(tmp_path / "missing")]
    with pytest.raises(FileNotFoundError):
        become(Reloading(exec_argv=missing, check_argv=missing, environ={}), left)
    assert not os.get_inheritable(read)
    os.close(read)
    os.close(write)
