"""One file a resource; each route is a sentence."""
