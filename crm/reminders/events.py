"""What can happen to a reminder.

Planning and cancelling one is part of what happens to its subject and stands in that fact; firing is news.
"""

FIRED = "reminder.fired"
