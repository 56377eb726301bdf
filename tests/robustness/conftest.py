"""What cannot run everywhere is left out openly, and it is said how to run it."""

from __future__ import annotations

from tests.robustness.disks import mounting_allowed

_MAY_MOUNT = mounting_allowed()
collect_ignore = [] if _MAY_MOUNT else ["test_disk.py"]


def pytest_report_header() -> list[str]:
    if _MAY_MOUNT:
        return []
    return [
        "tests/robustness/test_disk.py is left out: it mounts small disks, which this user may not. It runs with: "
        "unshare --user --map-current-user --keep-caps --mount -- make test"
    ]
