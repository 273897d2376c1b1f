"""The people whom a complaint meets."""

import pytest

from tests.complaints.steps import Path
from tests.conftest import Client, Clients
from tests.factories import Workspace


@pytest.fixture
def service(clients: Clients, workspace: Workspace) -> Client:
    """Sue, who handles complaints."""
    return clients(workspace.service.token)


@pytest.fixture
def manager(clients: Clients, workspace: Workspace) -> Client:
    """Max, who approves."""
    return clients(workspace.manager.token)


@pytest.fixture
def path(clients: Clients, service: Client, workspace: Workspace) -> Path:
    """The way from received to closed; an administrator approves, who sees every customer."""
    return Path(service, clients(workspace.admin.token), workspace)
