"""What proofs of identity are made with, and what whoever signs in is handed."""

from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from crm.database import Database
from crm.sealing import Sealer
from crm.workspaces.tokens import ACCESS_LIFETIME, Tokens


class Granted(NamedTuple):
    """What a caller shows from now on, and for how many seconds each part is good."""

    access_token: str
    expires_in: int
    refresh_token: str
    refresh_expires_in: int


@dataclass(frozen=True, slots=True)
class Mint:
    """Where sessions are kept, and the keys of one installation. Made once; safe to share."""

    database: Database
    tokens: Tokens
    sealer: Sealer

    def grant(self, workspace_id: UUID, session_id: UUID, refresh_token: str, row: Any) -> Granted:
        """The tokens of a session, whose ``row`` says whose it is and for how many seconds it may be continued."""
        access_token = self.tokens.issue_access(
            user_id=row["user_id"],
            workspace_id=workspace_id,
            session_id=session_id,
            permission_version=row["permission_version"],
        )
        return Granted(access_token, int(ACCESS_LIFETIME.total_seconds()), refresh_token, row["lasts"])
