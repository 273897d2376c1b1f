"""How far we have come with a customer: the moves of lifecycle and relationship stage, and their histories."""
