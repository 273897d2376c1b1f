"""What people do here who need not sign in: the links they are given, and how often they may come."""
