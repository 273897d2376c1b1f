"""Facts on their way to partners: endpoints, deliveries, signatures, the rules of trying again."""
