"""Care: how warm each customer is kept, and who must be in touch with whom next."""
