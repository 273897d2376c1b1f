"""Customers: the companies and people whom a workspace keeps warm."""
