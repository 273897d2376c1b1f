"""``python -m services.cli`` is the same as ``rapport``."""

from services.cli.main import app

app(prog_name="rapport")
