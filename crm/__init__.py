"""The product: what Rapport knows about customer relationships. No web framework and no queue in here."""
