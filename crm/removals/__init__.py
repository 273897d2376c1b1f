"""Files that must go: owed in the same transaction as what makes them so, removed by the worker until they are gone."""
