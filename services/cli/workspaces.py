"""What ``rapport workspace create`` and ``rapport key create`` ask for: each option's type, name and help."""

from typing import Annotated

import typer

WorkspaceName = Annotated[str, typer.Option("--name", help="What the workspace is called, usually the company's name.")]
AdminEmail = Annotated[str, typer.Option("--admin-email", help="The first administrator signs in with it.")]
AdminPassword = Annotated[
    str,
    typer.Option(
        "--admin-password",
        envvar="RAPPORT_ADMIN_PASSWORD",
        prompt="Password of the administrator",
        confirmation_prompt=True,
        hide_input=True,
        help="Asked for when not given, which keeps it out of the shell's history.",
    ),
]
TimeZone = Annotated[str, typer.Option("--timezone", help="IANA name; business days and reminders follow it.")]
Currency = Annotated[str, typer.Option("--currency", help="ISO 4217 code for amounts that name none.")]

Workspace = Annotated[str, typer.Option("--workspace", help="The workspace's id or its exact name.")]
KeyName = Annotated[str, typer.Option("--name", help="What the key is for, so that it can be told from others later.")]
Scopes = Annotated[
    list[str], typer.Option("--scopes", help="What the key may do, such as customers:read; repeat it for several.")
]
ExpiresInDays = Annotated[
    int | None, typer.Option("--expires-days", min=1, help="Days until the key ends; without it, it does not end.")
]
