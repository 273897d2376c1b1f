"""What can happen to the links between companies and the people who lead them."""

LINKED = "customer_link.created"
UNLINKED = "customer_link.ended"
