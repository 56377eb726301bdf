"""A progressive JPEG that lost scans is told by its headers."""

from __future__ import annotations

import pytest
from PIL import Image

from shoebox.domain.errors import InvalidImage
from shoebox.imaging.scans import prove_complete
from tests.data.chart import saved

PROGRESSIVE = saved(Image.effect_noise((64, 64), 50).convert("RGB"), "JPEG", progressive=True)
SCANS = PROGRESSIVE.count(b"\xff\xda")


def with_scans(count: int) -> bytes:
    at = 0
    for _ in range(count + 1):
        at = PROGRESSIVE.find(b"\xff\xda", at + 1)
    return PROGRESSIVE[:at] + b"\xff\xd9" if at > 0 else PROGRESSIVE


def test_all_scans_are_enough() -> None:
    prove_complete(PROGRESSIVE, 3)


@pytest.mark.parametrize("count", range(1, SCANS))
def test_fewer_are_not(count: int) -> None:
    with pytest.raises(InvalidImage):
        prove_complete(with_scans(count), 3)


def test_a_component_without_a_scan_is_missed() -> None:
    with pytest.raises(InvalidImage):
        prove_complete(saved(Image.new("L", (8, 8)), "JPEG"), 3)


@pytest.mark.parametrize("data", [b"", b"\xff\xda", b"\xff\xda\x00\x08\x01", b"\xff\xda" * 50])
def test_torn_headers_count_for_nothing(data: bytes) -> None:
    with pytest.raises(InvalidImage):
        prove_complete(data, 1)
