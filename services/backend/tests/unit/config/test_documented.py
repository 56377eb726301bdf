"""What is written about the settings is what the code reads."""

from __future__ import annotations

import re
from pathlib import Path

from shoebox.config import SETTINGS

CHECKOUT = Path(__file__).resolve().parents[5]


def test_the_readme_lists_every_setting_with_its_default() -> None:
    rows = re.findall(
        r"^\| `([A-Z0-9_]+)` \| (?:`([^`]*)`)? ?\| ([^|]+) \|", (CHECKOUT / "README.md").read_text(), re.MULTILINE
    )
    documented = {name: (default, allowed.strip()) for name, default, allowed in rows}
    assert documented == {setting.name: (setting.default, setting.allowed) for setting in SETTINGS}


def test_the_env_sample_lists_every_setting_with_its_default() -> None:
    sample = (CHECKOUT / "services" / "backend" / ".env.sample").read_text()
    lines = dict(re.findall(r"^#([A-Z0-9_]+)=(.*)$", sample, re.MULTILINE))
    assert lines == {setting.name: setting.default for setting in SETTINGS}
