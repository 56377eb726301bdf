"""The API as OpenAPI 3.1, put together from what the code itself goes by: limits, formats,
forms of names. A test compares its paths with the routes, another asks the running system.
"""

from __future__ import annotations

from shoebox.web.openapi.document import document

__all__ = ["document"]
