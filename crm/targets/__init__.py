"""Targets (销售目标): what a person, a team or the whole workspace is to sell in a period."""
