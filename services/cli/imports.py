"""What ``rapport import customers`` asks for: each argument's type, name and help."""

from pathlib import Path
from typing import Annotated

import typer

CsvFile = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True, help="CSV with a heading line.")
]
IntoWorkspace = Annotated[
    str | None, typer.Option("--workspace", help="The workspace's id or exact name; needed when there are several.")
]
AsUser = Annotated[
    str | None, typer.Option("--as", metavar="EMAIL", help="In whose name; without it, the first administrator's.")
]
Mapping = Annotated[
    list[str] | None,
    typer.Option("--mapping", metavar="COLUMN=FIELD", help="Which column fills which field; repeat it for several."),
]
