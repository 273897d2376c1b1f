"""Rules as data: an event or a nightly condition makes a task."""
