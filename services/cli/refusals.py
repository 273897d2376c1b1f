"""How the command line says no: in words a person can act on, never with a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from crm.errors import Problem
from services.settings import SettingsInvalid


@contextmanager
def plain_refusal() -> Iterator[None]:
    """Say what is missing from the settings (exit status 2) or what the product refuses and why (1)."""
    try:
        yield
    except SettingsInvalid as error:
        typer.echo(error, err=True)
        raise typer.Exit(2) from None
    except Problem as problem:
        typer.echo("\n".join([problem.detail or problem.title, *_fields(problem)]), err=True)
        raise typer.Exit(1) from None


def _fields(problem: Problem) -> Iterator[str]:
    for error in problem.errors:
        yield f"  {error.pointer.removeprefix('#/')}: {error.message}"
