"""The numbers of complaints: how many, how fast, how well, what they cost, and how many were never said."""
