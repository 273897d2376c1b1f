"""Notes about customers, contacts and visits, and what both notes and attachments hang on: their subject."""
