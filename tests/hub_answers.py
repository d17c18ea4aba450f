"""How the server of tests answers: the Hub's routes, and the store that it redirects to for big files."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.hub_repository import Fault, SeenRequest, ServedFile, ServedRepository

if TYPE_CHECKING:
    from tests.hub_server import HubListener, HubServer

GOOD_TOKEN = "hf_good"
_PIECE_BYTES = 1 << 16


class _HungUpError(Exception):
    """The connection is closed here and now."""


class HubAnswer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HubListener
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Tests look at `HubServer.requests`."""

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._serve()

    @property
    def hub(self) -> HubServer:
        return self.server.hub

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        path, query = unquote(parts.path), parse_qs(parts.query)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.hub.note(SeenRequest(self.server.where, self.command, path, headers))
        fault = self.hub.fault_of(self.server.where, self.command, path)
        try:
            if fault is not None and self._goes_wrong(fault):
                return
            if self.server.where == "store":
                self._store_file(path, query, fault)
            else:
                self._hub_route(path, query, fault)
        except _HungUpError:
            self._hang_up()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _goes_wrong(self, fault: Fault) -> bool:
        if fault.then is not None:
            fault.then()
        if fault.wait_s and fault.stall_after is None and self.hub.wait(fault.wait_s):
            raise _HungUpError
        if fault.hangs_up:
            raise _HungUpError
        if fault.loops:
            self._redirect(302, self.path)
            return True
        if fault.status:
            self._send(fault.status, fault.body, fault.headers)
            return True
        return False

    def _hang_up(self) -> None:
        self.close_connection = True
        try:
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
        except (OSError, ValueError):
            return

    # -- the Hub ---------------------------------------------------------------------------------------------------

    def _hub_route(self, path: str, query: dict[str, list[str]], fault: Fault | None) -> None:
        names = path.strip("/").split("/")
        if names == ["api", "whoami-v2"]:
            self._whoami()
        elif names[:3] == ["api", "resolve-cache", "models"] and len(names) > 6:
            self._resolve("/".join(names[3:5]), names[5], "/".join(names[6:]), fault, is_cache=True)
        elif names[:2] == ["api", "models"] and len(names) >= 4:
            self._api("/".join(names[2:4]), names[4:], query)
        elif len(names) > 4 and names[2] == "resolve":
            self._resolve("/".join(names[:2]), names[3], "/".join(names[4:]), fault)
        else:
            self._refuse(404, "", "Not Found")

    @property
    def _token(self) -> str:
        return str(self.headers.get("Authorization", "")).removeprefix("Bearer ").strip()

    def _whoami(self) -> None:
        owner = self.hub.tokens.get(self._token)
        if owner is None:
            self._refuse(401, "", "Invalid username or password.")
        else:
            self._json({"type": "user", "name": owner, "auth": {"type": "access_token"}})

    def _repository(self, model_id: str, *, content: bool) -> ServedRepository | None:
        """The repository, or None after a refusal was sent."""
        repository = self.hub.repositories.get(model_id)
        has_access = self._token == GOOD_TOKEN
        if self._token and self._token not in self.hub.tokens:
            # The real Hub says so whatever was asked for, public repositories included.
            self._refuse(401, "", "Invalid credentials in Authorization header")
        elif repository is None or (repository.is_private and not has_access):
            # Without a token it is not told whether there is such a repository.
            status = 404 if self._token else 401
            self._refuse(
                status, "RepoNotFound", "Repository not found" if self._token else "Invalid username or password."
            )
        elif content and repository.is_gated and not has_access:
            text = f"Access to model {model_id} is restricted. You must have access to it and be authenticated."
            self._refuse(403 if self._token else 401, "GatedRepo", text)
        else:
            return repository
        return None

    def _commit(self, repository: ServedRepository, revision: str) -> str | None:
        commit = repository.branches.get(revision, revision)
        if commit in repository.commits:
            return commit
        self._refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return None

    def _api(self, model_id: str, rest: list[str], query: dict[str, list[str]]) -> None:
        repository = self._repository(model_id, content=False)
        if repository is None:
            return
        kind = rest[0] if rest else "revision"
        commit = self._commit(repository, rest[1] if len(rest) > 1 else "main")
        if commit is None:
            return
        if kind == "revision":
            self._json(self._info(repository, commit, with_sizes=_is_true(query, "blobs")))
        elif kind == "tree":
            self._tree(repository, commit, "/".join(rest[2:]), query)
        else:
            self._refuse(404, "", "Not Found")

    def _info(self, repository: ServedRepository, commit: str, *, with_sizes: bool) -> dict[str, Any]:
        siblings: list[dict[str, Any]] = []
        for file in repository.commits[commit].values():
            row: dict[str, Any] = {"rfilename": file.path}
            if with_sizes:
                row |= {"blobId": file.blob_id, "size": file.size_bytes}
                if file.is_big:
                    row["lfs"] = {"sha256": file.sha256, "size": file.size_bytes, "pointerSize": 135}
            siblings.append(row)
        return {
            "_id": "0" * 24,
            "id": repository.model_id,
            "modelId": repository.model_id,
            "author": repository.model_id.split("/", maxsplit=1)[0],
            "sha": commit,
            "lastModified": "2025-10-15T08:00:00.000Z",
            "private": repository.is_private,
            "gated": "manual" if repository.is_gated else False,
            "disabled": False,
            "tags": ["safetensors"],
            "downloads": 0,
            "likes": 0,
            "siblings": siblings,
            "createdAt": "2025-10-14T08:00:00.000Z",
            **repository.info,
        }

    def _tree(self, repository: ServedRepository, commit: str, folder: str, query: dict[str, list[str]]) -> None:
        below = f"{folder}/" if folder else ""
        entries: dict[str, dict[str, Any]] = {}
        for file in repository.commits[commit].values():
            if not file.path.startswith(below):
                continue
            names = file.path[len(below) :].split("/")
            for depth in range(1, len(names)):
                parent = below + "/".join(names[:depth])
                entries[parent] = {"type": "directory", "oid": "0" * 40, "size": 0, "path": parent}
            entry: dict[str, Any] = {"type": "file", "oid": file.blob_id, "size": file.size_bytes, "path": file.path}
            if file.is_big:
                entry["lfs"] = {"oid": file.sha256, "size": file.size_bytes, "pointerSize": 135}
            entries[file.path] = entry
        found = [entries[path] for path in sorted(entries)]
        if not _is_true(query, "recursive"):
            found = [entry for entry in found if "/" not in entry["path"][len(below) :]]
        if folder and not found:
            self._refuse(404, "EntryNotFound", f"{folder} does not exist on {commit}")
            return
        start = int(query.get("cursor", ["0"])[0])
        end = start + self.hub.page_entries
        headers = {"X-Repo-Commit": commit}
        if end < len(found):
            place = quote(f"/api/models/{repository.model_id}/tree/{commit}" + (f"/{folder}" if folder else ""))
            flag = "true" if _is_true(query, "recursive") else "false"
            headers["Link"] = f'<{self.hub.url}{place}?recursive={flag}&cursor={end}>; rel="next"'
        self._json(found[start:end], headers)

    def _resolve(
        self, model_id: str, revision: str, file_path: str, fault: Fault | None, *, is_cache: bool = False
    ) -> None:
        repository = self._repository(model_id, content=True)
        commit = self._commit(repository, revision) if repository is not None else None
        if repository is None or commit is None:
            return
        file = repository.commits[commit].get(file_path)
        headers = {"X-Repo-Commit": commit}
        if file is None:
            self._refuse(404, "EntryNotFound", "Entry not found", headers)
        elif file.is_big:
            linked = fault.etag if fault is not None and fault.etag else file.etag
            if self.hub.tells_hashes:
                headers |= {"X-Linked-Etag": f'"{linked}"', "X-Linked-Size": str(file.size_bytes)}
            name = quote(file_path.rsplit("/", maxsplit=1)[-1])
            where = f"{self.hub.store_url}/{model_id}/{file.sha256}/{name}?X-Signature=abc&file={quote(file_path)}"
            self._redirect(302, f"{where}&commit={commit}", {**headers, "ETag": f'"{file.blob_id}"'})
        elif not is_cache:
            headers["ETag"] = f'"{file.etag}"'
            self._redirect(307, f"/api/resolve-cache/models/{model_id}/{commit}/{quote(file_path)}", headers)
        else:
            self._send_file(file, file.etag, headers, fault)

    # -- the store of big files ------------------------------------------------------------------------------------

    def _store_file(self, path: str, query: dict[str, list[str]], fault: Fault | None) -> None:
        if self.headers.get("Authorization"):
            # As stores of signed addresses do; it also shows that a token never leaves the Hub.
            self._refuse(400, "", "Only one auth mechanism allowed")
            return
        model_id = "/".join(path.strip("/").split("/")[:2])
        repository = self.hub.repositories.get(model_id)
        files = repository.commits.get(query.get("commit", [""])[0], {}) if repository is not None else {}
        file = files.get(query.get("file", [""])[0])
        if file is None or "X-Signature" not in query:
            self._refuse(403, "", "AccessDenied")
        else:
            self._send_file(file, f"store-{file.sha256[:32]}", {}, fault)

    # -- content ---------------------------------------------------------------------------------------------------

    def _send_file(self, file: ServedFile, etag: str, headers: Mapping[str, str], fault: Fault | None) -> None:
        fault = fault or Fault()
        etag = f'"{fault.etag or etag}"'
        size = max(0, file.size_bytes - fault.missing_bytes)
        start, end = 0, size
        asked = self.headers.get("Range", "")
        if_range = self.headers.get("If-Range")
        status = 200
        sent = {"ETag": etag, "Content-Type": "application/octet-stream", **headers, **fault.headers}
        if asked.startswith("bytes=") and not fault.ignores_range and if_range in {None, etag}:
            first, _, last = asked.removeprefix("bytes=").partition("-")
            start = int(first) if first else size - int(last)
            end = min(size, int(last) + 1) if first and last else size
            if start >= size:
                self._send(416, b"", {"Content-Range": f"bytes */{size}"})
                return
            status = 206
            sent["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        if not fault.ignores_range:
            sent["Accept-Ranges"] = "bytes"
        self.send_response(status)
        for name, value in {**sent, "Content-Length": str(end - start)}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self._send_content(file, start, end, fault)

    def _send_content(self, file: ServedFile, start: int, end: int, fault: Fault) -> None:
        place, began = start, time.monotonic()
        step = _PIECE_BYTES if fault.bytes_per_s is None else max(1, min(_PIECE_BYTES, int(fault.bytes_per_s / 20)))
        stall_at = None if fault.stall_after is None else start + fault.stall_after
        while place < end:
            upto = min(place + step, end)
            if fault.cut_after is not None:
                upto = min(upto, start + fault.cut_after)
                if upto <= place:
                    raise _HungUpError
            if stall_at is not None and place >= stall_at:
                stall_at = None
                if self.hub.wait(fault.wait_s):
                    raise _HungUpError
            piece = bytearray(file.read(place, upto))
            piece += bytes(upto - place - len(piece))  # a file that is longer than it should be
            if fault.spoil_at is not None and place <= fault.spoil_at < upto:
                piece[fault.spoil_at - place] ^= 1
            self.wfile.write(piece)
            self.hub.count_sent(len(piece))
            place = upto
            if fault.bytes_per_s is not None:
                ahead_s = (place - start) / fault.bytes_per_s - (time.monotonic() - began)
                if ahead_s > 0 and self.hub.wait(ahead_s):
                    raise _HungUpError

    def _redirect(self, status: int, where: str, headers: Mapping[str, str] | None = None) -> None:
        self._send(status, b"", {**(headers or {}), "Location": where})

    def _refuse(self, status: int, code: str, text: str, headers: Mapping[str, str] | None = None) -> None:
        said = {"X-Error-Message": text, **({"X-Error-Code": code} if code else {}), **(headers or {})}
        self._json({"error": text}, said, status)

    def _json(self, value: object, headers: Mapping[str, str] | None = None, status: int = 200) -> None:
        self._send(status, json.dumps(value).encode(), {**(headers or {}), "Content-Type": "application/json"})

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _is_true(query: dict[str, list[str]], name: str) -> bool:
    return query.get(name, ["false"])[0].lower() in {"true", "1"}
