"""What can happen to an import."""

STARTED = "import.started"
FINISHED = "import.finished"
