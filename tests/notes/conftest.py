"""Sales need the pipeline that a new workspace is furnished with."""

from tests.opportunities.conftest import pipeline

__all__ = ["pipeline"]
