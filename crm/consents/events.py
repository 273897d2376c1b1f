"""What can happen to a consent."""

GIVEN = "consent.given"
WITHDRAWN = "consent.withdrawn"
