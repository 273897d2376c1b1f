"""Files that hang on customers, contacts and visits."""
