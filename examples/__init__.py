"""Programs that use Rapport as anyone may: over its public API."""
