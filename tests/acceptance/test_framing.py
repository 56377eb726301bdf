"""Raw requests as data files: what a worker and Nginx make of every odd way to frame one.

The cases and their expected answers stand in services/backend/tests/integration/web/framing/.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from services.backend.tests.integration.web.raw_requests import RawCase, agrees, load_cases, replay
from tests.client import Client
from tests.compose.compose import Compose
from tests.stack.embedded import Embedded
from tests.stack.ports import LOOPBACK
from tests.stack.stack import Stack

# A worker lets a connection without a request be for longer than anybody should wait here; how one ends is tested
# with shorter limits, beside the worker.
OF_NGINX = {"silence"}
AT_ONCE = 12  # several cases wait for a time limit of ten seconds to run out


def test_every_framing_case_is_answered_as_its_file_says(topology: Embedded | Stack | Compose) -> None:
    through_nginx = not isinstance(topology, Embedded)
    port = Client(topology.url).port

    def disagreement(case: RawCase) -> str | None:
        expected = case.nginx if through_nginx else case.worker
        seen = replay((LOOPBACK, port), case, expected)
        return None if agrees(seen.outcome, expected) else f"{case.name}: {seen.outcome}, not {expected}"

    cases = [case for case in load_cases() if through_nginx or case.name not in OF_NGINX]
    assert len(cases) > 50
    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert [each for each in pool.map(disagreement, cases) if each] == []
