"""Every raw request of `framing/` gets the answer written beside it, and nothing else."""

from __future__ import annotations

import pytest

from services.backend.tests.integration.web.raw_requests import RawCase, agrees, load_cases, replay
from services.backend.tests.integration.web.toy_worker import ToyWorker


@pytest.mark.parametrize("case", load_cases(), ids=lambda case: case.name)
def test_a_raw_request_is_answered_as_its_file_says(
    worker: ToyWorker, case: RawCase, request: pytest.FixtureRequest
) -> None:
    if case.waits:
        request.getfixturevalue("impatient")
    answer = replay(worker.address, case, case.worker)
    assert agrees(answer.outcome, case.worker), (case.what, answer)
