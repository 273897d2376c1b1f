"""Notes about customers, contacts, visits and sales, and what both notes and attachments hang on: their subject."""
