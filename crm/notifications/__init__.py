"""What was said to whom: the inbox, and the moment at which a reminder fires."""
