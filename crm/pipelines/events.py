"""What can happen to a pipeline."""

CREATED = "pipeline.created"
UPDATED = "pipeline.updated"
STAGES_CHANGED = "pipeline.stages_changed"
ARCHIVED = "pipeline.archived"
RESTORED = "pipeline.restored"
