"""What can happen to the links between companies and the people who lead them."""

LINKED = "customer_link.created"
LINK_UPDATED = "customer_link.updated"
UNLINKED = "customer_link.ended"
