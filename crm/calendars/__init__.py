"""Business hours: when work is done, which days are holidays or made up for, and when something is due."""
