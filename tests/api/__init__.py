"""The frame of the API, and the API as a whole."""
