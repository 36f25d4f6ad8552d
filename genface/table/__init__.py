"""What was measured: the columns of a face table, and its files."""

from genface.table.columns import (
    Selection,
    group_of,
    groups,
    order_columns,
    select_columns,
)

__all__ = ["Selection", "group_of", "groups", "order_columns", "select_columns"]
