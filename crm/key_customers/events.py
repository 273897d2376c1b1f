"""What can happen to a proposal."""

MADE = "key_proposal.made"
WITHDRAWN = "key_proposal.withdrawn"
CONFIRMED = "key_proposal.confirmed"
REJECTED = "key_proposal.rejected"
