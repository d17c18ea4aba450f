"""The Hub's answers about one repository, as plain values; whatever cannot be one becomes words for a person."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from app.core.errors import ModelError, Sentence
from app.core.models.hub_requests import at_address, file_address, host_of, model_address
from app.core.models.refusals import hub_faults, not_a_hub, refusal, refusal_of

if TYPE_CHECKING:
    import httpx2

    from app.core.models.access import HubAccess

COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REFUSED = 400
_MOST_BYTES = 64 << 20
"""Of one answer: an index of the largest models has some megabytes."""
_MOST_PAGES = 100


@dataclass(frozen=True, slots=True)
class RepositoryFile:
    """One file of a revision.

    Attributes:
        path: Within the repository, with ``/``.
        size_bytes: Of the whole file.
        sha256: Of its content where it is a large file (LFS); else empty.
        blob_id: Git's own name of it, a sha1 over its size and content; for a large file over its pointer's.
    """

    path: str
    size_bytes: int
    sha256: str
    blob_id: str


class HubAnswers:
    """Asks about one repository.

    Source: the routes that huggingface_hub 2.4 uses (hf_api.py: model_info, list_repo_tree; file_download.py).

    Args:
        client: As `open_hub` gives it.
        access: How it was opened.
        model_id: The repository's id.
    """

    def __init__(self, client: httpx2.Client, access: HubAccess, model_id: str) -> None:
        self._client = client
        self._access = access
        self._model_id = model_id

    def info(self, revision: str | None) -> dict[str, Any]:
        """What the Hub tells of the repository at a revision; ``sha`` is its commit.

        Raises:
            UserError: The Hub cannot be reached, or refuses.
            ModelError: There is no such repository or revision, or it is closed.
        """
        address = model_address(self._access, self._model_id)
        if revision is not None:
            address += f"/revision/{quote(revision, safe='')}"
        info = self._json(address)
        if not isinstance(info, dict) or not COMMIT.fullmatch(str(info.get("sha"))):
            raise not_a_hub(self._access, "no commit in the answer")
        if info.get("disabled"):
            raise ModelError(
                Sentence(
                    "{host} has closed the repository {name}.",
                    name=self._model_id,
                    host=host_of(self._access.address),
                ),
                "Choose another model.",
            )
        return info

    def files(self, commit: str) -> list[RepositoryFile]:
        """All files of a commit.

        Raises:
            UserError: The Hub cannot be reached, or refuses.
        """
        files: list[RepositoryFile] = []
        url: str | None = f"{model_address(self._access, self._model_id)}/tree/{commit}?recursive=true&expand=false"
        for _ in range(_MOST_PAGES):
            content, url = self._content(url or "")
            entries = self._parsed(content)
            if not isinstance(entries, list):
                raise not_a_hub(self._access, "no list of files")
            files += [self._file(entry) for entry in entries if not _is_folder(entry)]
            if url is None:
                break
        return files

    def json_file(self, commit: str, file: RepositoryFile) -> dict[str, Any]:
        """A small file that holds a JSON object.

        Raises:
            UserError: The Hub cannot be reached, or refuses.
            ModelError: It holds something else.
        """
        content, _ = self._content(file_address(self._access, self._model_id, commit, file.path))
        try:
            value = json.loads(content)
        except (ValueError, RecursionError) as error:
            if len(content) != file.size_bytes:
                raise not_a_hub(self._access, type(error).__name__) from error
            value = None
        if not isinstance(value, dict):
            raise ModelError(
                Sentence("The file {path} of {name} is damaged.", path=file.path, name=self._model_id),
                "Choose another model.",
            )
        return value

    def _file(self, entry: Any) -> RepositoryFile:
        try:
            lfs = entry.get("lfs") or {}
            file = RepositoryFile(str(entry["path"]), int(entry["size"]), str(lfs.get("oid", "")), str(entry["oid"]))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise not_a_hub(self._access, f"a file without {error!r}") from error
        is_hashed = _SHA256.fullmatch(file.sha256) if file.sha256 else COMMIT.fullmatch(file.blob_id)
        if not is_hashed or file.size_bytes < 0:
            raise not_a_hub(self._access, "a file without size and hash")
        return file

    def _json(self, url: str) -> Any:
        return self._parsed(self._content(url)[0])

    def _parsed(self, content: bytes) -> Any:
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise not_a_hub(self._access, f"no JSON: {type(error).__name__}") from error

    def _content(self, url: str) -> tuple[bytes, str | None]:
        """An answer whole, and where it goes on."""
        try:
            with self._client.stream("GET", url) as response:
                if response.status_code >= _REFUSED:
                    raise refusal_of(response, self._model_id, self._access)
                content = bytearray()
                for piece in response.iter_bytes():
                    content += piece
                    if len(content) > _MOST_BYTES:
                        raise not_a_hub(self._access, "an answer without an end")
                further = response.links.get("next", {}).get("url")
        except hub_faults() as error:
            raise refusal(error, self._model_id, self._access) from error
        return bytes(content), at_address(self._access, further) if further else None


def _is_folder(entry: Any) -> bool:
    return isinstance(entry, dict) and entry.get("type") == "directory"
