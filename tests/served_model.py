"""A repository of the server of tests as the download takes it, without asking the server first."""

from __future__ import annotations

import json

from app.core.models.access import HubAccess
from app.core.models.repository import Repository, RepositoryFile
from tests.hub_server import HubServer


def repository_of(hub: HubServer, model_id: str, revision: str = "main") -> Repository:
    """All files of a revision."""
    served = hub.repositories[model_id]
    files = served.files(revision)
    config = json.loads(files["config.json"].read(0, 1 << 30)) if "config.json" in files else {}
    return Repository(
        model_id,
        served.branches.get(revision, revision),
        tuple(
            RepositoryFile(file.path, file.size_bytes, file.sha256 if file.is_big else "", file.blob_id)
            for file in files.values()
        ),
        config,
    )


def access_to(hub: HubServer, token: str | None = None) -> HubAccess:
    """How the server is reached."""
    return HubAccess(endpoint=hub.url, token=token)
