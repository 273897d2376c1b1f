"""The command line of those who run Rapport."""
