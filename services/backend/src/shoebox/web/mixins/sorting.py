"""What a list is ordered by."""

from __future__ import annotations

from shoebox.domain.errors import BadRequest
from shoebox.domain.listing import Direction, Sort, SortField
from shoebox.web.target import Query


def parse_sort(query: Query) -> Sort:
    """Read `sort_param` and `sort_value`; newest first when they are absent. Raises `BadRequest`."""
    field = query.get("sort_param")
    direction = query.get("sort_value")
    try:
        chosen = SortField.AGE if field is None else SortField(field)
    except ValueError as error:
        raise BadRequest("sort_param is one of sort_age, sort_size, sort_name.") from error
    try:
        return Sort(field=chosen, direction=Direction.DESCENDING if direction is None else Direction(direction))
    except ValueError as error:
        raise BadRequest("sort_value is asc or desc.") from error


class SortingMixin:
    """Reads the order of a list."""

    def read_sort(self, query: Query) -> Sort:
        """Read `sort_param` and `sort_value`. Raises `BadRequest`."""
        return parse_sort(query)
