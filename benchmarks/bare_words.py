"""The words of a script for ``benchmarks/bare.py`` that stand for what only the request knows."""

HERE, BODY = "{id}", "{body}"
