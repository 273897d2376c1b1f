"""The words that calls and rhythm are spoken of in (``domain.md`` A120-A122, D10); the database checks the same."""

from typing import Literal

Intention = Literal["poor", "unclear", "possible", "good", "very_likely"]
Contract = Literal["none", "active", "expired"]
Reason = Literal["progress_4", "progress_5", "intention_good", "intention_very_likely", "contract_expired"]
"""Why a customer is to be called first."""
LeftOut = Literal["do_not_contact", "contacted_today", "next_call_later", "pressure_capped"]
"""Why a customer is not to be called today; the first that holds is told."""
PlanState = Literal["proposed", "adjusted", "approved"]
GroupBy = Literal["user", "team", "region"]
