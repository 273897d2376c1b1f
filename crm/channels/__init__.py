"""Ways out to people: where somebody wants to be told, when, and the messages that are on their way there."""
