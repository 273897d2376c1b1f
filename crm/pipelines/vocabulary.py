"""The words of pipelines (``domain.md`` A120, B5, C2); the database checks the same ones."""

from typing import Literal

ForecastCategory = Literal["omitted", "pipeline", "best_case", "commit"]
"""What an open opportunity counts as in a forecast; won ones are closed, lost ones omitted."""
