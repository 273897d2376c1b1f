"""What can happen to a judgement of trust: it is given, and stays as it was given."""

CREATED = "trust_rating.created"
