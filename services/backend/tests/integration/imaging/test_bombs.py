"""Hostile files cost next to nothing: refused from their headers, or bounded on the way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from services.backend.tests.decoders import crew
from services.backend.tests.staged import staged
from shoebox.domain.errors import InvalidImage
from shoebox.imaging.remote import RemoteCodec
from tests.data.case import INVALID
from tests.data.chart import chart, saved
from tests.data.corpus import all_cases

CPU_LIMIT = 2.0  # seconds a bomb may cost; past it the kernel ends the decoder, which a test sees
GROWTH = 100 * 1024**2  # bytes a refused file may cost at most
PATIENCE = 100.0  # seconds for all of them, one after the other
TOGETHER = 300 * 1024**2  # bytes all processes may take together while large uploads come in


def test_no_bad_file_costs_a_decoder_or_much_memory() -> None:
    with crew(1, cpu_limit=CPU_LIMIT) as running:
        codec = RemoteCodec(running.jobs)
        pids, before = running.pids(), running.peak()
        for case in all_cases():
            if case.status == INVALID:
                with staged(case.make()) as file, pytest.raises(InvalidImage):
                    codec.examine(file)
        assert running.pids() == pids
        assert running.peak() - before < GROWTH


def test_large_uploads_at_once_stay_within_the_memory_of_a_small_host(tmp_path: Path) -> None:
    noise = Image.merge("RGB", [Image.effect_noise((2500, 2500), 200)] * 3)
    dressed = saved(noise, "PNG", compress_level=0)  # 18 MiB
    with (tmp_path / "lock").open("wb") as lock, crew(2, large_lock=lock.fileno()) as running:
        codec = RemoteCodec(running.jobs, wait=PATIENCE)

        def upload(_: int) -> int:
            with staged(dressed) as file:
                return codec.examine(file).facts.width

        with ThreadPoolExecutor(16) as threads:
            assert set(threads.map(upload, range(32))) == {2500}
        assert running.peak() * 2 < TOGETHER


def test_a_picture_of_the_full_size_is_no_bomb() -> None:
    full = saved(chart("P", (7071, 7071)), "PNG", compress_level=1)
    with crew(1) as running, staged(full) as file:
        assert RemoteCodec(running.jobs).examine(file).facts.width == 7071
