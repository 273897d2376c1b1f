"""The words of snapshots and figures; the database checks the first two."""

from typing import Literal

Category = Literal["omitted", "pipeline", "best_case", "commit", "closed"]
Standing = Literal["open", "on_hold", "won", "lost", "archived"]
"""The state of an opportunity, or that it was put aside."""
By = Literal[
    "owner", "team", "region", "pipeline", "stage", "product", "day", "week", "month", "quarter", "year"
]  # fmt: skip
"""What figures can be broken down by; a team's include those of the teams below it."""
