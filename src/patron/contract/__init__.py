"""The contract: the tables that a shop brings, declared once."""

from patron.contract.tables import (
    CONTRACT,
    CUSTOMER_INFO,
    FACTS,
    Column,
    IdType,
    Table,
    Type,
    table_named,
)

__all__ = ["CONTRACT", "CUSTOMER_INFO", "FACTS", "Column", "IdType", "Table", "Type", "table_named"]
