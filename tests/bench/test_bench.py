"""Whether the measurements measure, in small: nothing about speed is asserted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench import report, runner
from tests.bench.arena import Arena, Sizes, arena
from tests.bench.results import Results
from tests.bench.sample import Cell, Sample
from tests.bench.scenario import Scenario
from tests.bench.scenarios import SCENARIOS
from tests.bench.targets import TARGETS, verdicts

SECONDS = 0.4  # of a measurement
SMALL = Sizes(rows=16, many=2000, checks=8, uploads=2, orders=("name asc",))
NUMBERS = {
    "memory": {"idle_mib", "peak_mib", "after_mib"},
    "embedded": {"ready_s", "idle_mib"},
    "freshness": {"right", "asked"},
    "statements": {"rps", "p50_ms", "p99_ms"},
    "prices-lists": {"rps", "p50_ms", "p99_ms", "written_rps"},
    "prices-rows": {"insert_few_us", "delete_few_us", "insert_many_us", "delete_many_us"},
    "scale": {"small_ms", "large_ms", "large_to_small"},
}
OF_REQUESTS = {"rps", "p50_ms", "p99_ms", "cpu_ms", "wrk_cores"}


@pytest.fixture(scope="module")
def running(state_root: Path) -> Iterator[Arena]:
    """Shoebox alone, with few pictures."""
    folder = state_root / "bench"
    folder.mkdir()
    folder.chmod(0o755)
    with arena(folder, names=["shoebox"], sizes=SMALL) as made:
        yield made


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_scenario_measures_without_an_error(running: Arena, scenario: Scenario) -> None:
    cells = runner.run(running, [scenario], rounds=1, seconds=SECONDS)
    assert not [cell.errors for cell in cells if cell.errors]
    ours = [cell for cell in cells if cell.subject == "shoebox"] or cells
    wanted = NUMBERS.get(scenario.name, OF_REQUESTS)
    assert all(wanted <= cell.medians.keys() for cell in ours)
    assert all(cell.medians[name] > 0 for cell in ours for name in wanted - {"wrk_cores", "cpu_ms"})


def test_no_two_uploads_are_of_equal_bytes(running: Arena) -> None:
    uploader = running.uploaders["shoebox"]
    for kind, number in (("50k", 40), ("500k", 6), ("4m", 3)):
        answers = uploader.store(kind, number)
        assert len({answer["sha256"] for answer in answers}) == number


def test_every_target_is_of_a_scenario() -> None:
    names = {scenario.name for scenario in SCENARIOS}
    assert {target.scenario for target in TARGETS} <= names
    assert {target.limit.scenario for target in TARGETS if target.limit} <= names


def test_in_some_round_each_is_first_and_nobody_always_follows_the_same_one() -> None:
    rounds = [runner.turns(("a", "b", "c", "d"), number) for number in range(4)]
    assert [turn[0] for turn in rounds] == ["a", "b", "c", "d"]
    assert [sorted(turn) for turn in rounds] == [["a", "b", "c", "d"]] * 4
    assert len({turn[turn.index("a") - 1] for turn in rounds if turn[0] != "a"}) > 1


@pytest.mark.parametrize(("alone", "said"), [(90, "**not met**; pillow alone: 0.90"), (250, "**not met**")])
def test_a_target_that_even_a_limit_misses_is_said_to_be_missed_by_it(tmp_path: Path, alone: float, said: str) -> None:
    reached = {"shoebox": 50.0, "flask": 100.0, "pillow": alone}
    cells = [
        Cell(scenario="upload-50k", subject=name, samples=[Sample(values={"rps": rate})])
        for name, rate in reached.items()
    ]
    results = Results.of(cells, folder=tmp_path, options={}, titles={"upload-50k": "Upload"})
    assert f"| Upload | requests/s, times those of flask | ≥ 2 | 0.50 | {said} |" in report.markdown(results)


def test_an_error_is_not_a_result(tmp_path: Path) -> None:
    good = Sample(values={"rps": 100.0, "p99_ms": 1.0})
    bad = Sample(values={"rps": 90_000.0, "p99_ms": 1.0}, errors="3 status")
    cells = [
        Cell(scenario="list-unchanged", subject="shoebox", samples=[good, bad]),
        Cell(scenario="list-unchanged", subject="flask", samples=[good, good]),
    ]
    results = Results.of(cells, folder=tmp_path, options={}, titles={"list-unchanged": "List"})
    assert results.errors == ["list-unchanged, shoebox: 3 status"]
    assert not any(verdict.met or verdict.value is not None for verdict in verdicts(cells))
    text = report.markdown(results)
    assert "| shoebox | error: 3 status |" in text
    assert "90,000" not in text


def test_results_come_back_from_their_file_and_into_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [
        Cell(scenario="get", subject=name, samples=[Sample(values={"rps": value}) for value in (1.0, rate, 1e9)])
        for name, rate in (("shoebox", 970.0), ("flask", 97.0), ("nginx-static", 1000.0))
    ]
    titles = {"get": "A picture <200 kB>"}
    Results.of(cells, folder=tmp_path, options={"rounds": "3"}, titles=titles).write(tmp_path / "results.json")
    page, picture = tmp_path / "page.md", tmp_path / "picture.svg"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    monkeypatch.setattr(report, "PAGE", page)
    monkeypatch.setattr(report, "PICTURE", picture)
    results = Results.read(tmp_path / "results.json")
    report.write(results)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "| A picture <200 kB> | requests/s, times those of nginx-static | ≥ 0.95 | 0.97 | met |" in text
    assert "× 10.0" in picture.read_text()
    assert "&lt;200 kB&gt;" in picture.read_text()
