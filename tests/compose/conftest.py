"""Not collected where there is no engine and none can be had; tests/conftest.py says so."""

from __future__ import annotations

from tests.compose.docker import why_not

collect_ignore = ["test_compose.py", "test_images.py", "test_swarm.py"] if why_not() else []
