"""Taking lists out as files: any list, as whoever asks may see it."""
