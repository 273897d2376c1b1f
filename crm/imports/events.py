"""What can happen to an import."""

DRAFTED = "import.drafted"
STARTED = "import.started"
FINISHED = "import.finished"
UNDOING = "import.undoing"
UNDONE = "import.undone"
