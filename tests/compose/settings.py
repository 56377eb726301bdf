"""Who reads which setting."""

from __future__ import annotations

import re
from typing import Final

from shoebox.config.settings import SETTINGS
from tests.stack.checkout import CHECKOUT

# In the one table because people look there; who reads them is PgBouncer.
_POOL: Final = {"MAX_CLIENT_CONN", "DEFAULT_POOL_SIZE"}


def read_by(service: str) -> set[str]:
    """The settings that a service looks at. All that are Python read the same."""
    if service in {"nginx", "pgbouncer"}:
        sample = (CHECKOUT / "services" / service / ".env.sample").read_text()
        return set(re.findall(r"^#([A-Z0-9_]+)=", sample, re.MULTILINE))
    return {setting.name for setting in SETTINGS} - _POOL
