"""Groups: the companies below a company, what there is at all of them, and the people who lead it."""
