"""Key customers (关键客户): who should be one, proposed by the numbers and decided by a manager."""
