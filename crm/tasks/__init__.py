"""Follow-up tasks: what was promised, by whom, until when."""
