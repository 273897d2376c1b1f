"""What can happen to a survey, and to a complaint by one."""

PLANNED = "survey.planned"
SENT = "survey.sent"
NOT_MAILED = "survey.not_mailed"
SKIPPED = "survey.skipped"
ANSWERED = "survey.answered"
RATED = "complaint.rated"
