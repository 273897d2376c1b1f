"""The words of the report on complaints."""

from typing import Literal

GroupBy = Literal["cause", "product", "team", "person", "category", "severity", "month"]
