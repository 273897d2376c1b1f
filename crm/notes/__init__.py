"""Notes about customers and what concerns them, and what both notes and attachments hang on: their subject."""
