"""A repository of the Hub, looked at before anything of it is downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from app.core.errors import ModelError, Sentence
from app.core.model_types import RUNTIMES
from app.core.models.access import HUB_ADDRESS
from app.core.models.hub_answers import COMMIT, HubAnswers, RepositoryFile
from app.core.models.hub_cache import split_model_id
from app.core.models.hub_requests import host_of, open_hub
from app.core.models.repository_fitness import check_architecture, check_code, check_form, needed_files, no_config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.core.model_types import Runtime
    from app.core.models.access import HubAccess

__all__ = ["Repository", "RepositoryFile", "look_up", "repository_named"]
_CONFIG_FILE, _GENERATION_FILE = "config.json", "generation_config.json"


@dataclass(frozen=True, slots=True)
class Repository:
    """What a model needs of one revision of its repository.

    Attributes:
        model_id: The repository's id.
        revision: The commit, 40 hexadecimal digits.
        files: Only those that are needed: weights as safetensors, configuration, tokenizer, chat template.
        config: Its config.json; never changed.
        runtimes: The backends that can read it.
    """

    model_id: str
    revision: str
    files: tuple[RepositoryFile, ...]
    config: Mapping[str, Any]
    runtimes: tuple[Runtime, ...] = RUNTIMES

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(file.size_bytes for file in self.files)


def look_up(
    model_id: str, access: HubAccess, revision: str | None = None, runtime: Runtime | None = None
) -> Repository:
    """What the Hub tells of a repository and what of it is needed; only small files are read, nothing is kept.

    Thread: any but the main one.

    Args:
        model_id: The repository's id, with ``@`` and a revision where one is meant, or the address of its page.
        access: How the Hub is reached.
        revision: A commit, branch or tag; None for what the id says, or the newest.
        runtime: The backend that is to read it; None where any will do.

    Raises:
        UserError: The Hub cannot be reached, or refuses.
        ModelError: There is no such repository, or Viewfinder cannot use what is in it.
    """
    model_id, named_revision = repository_named(model_id, access)
    with open_hub(access) as client:
        hub = HubAnswers(client, access, model_id)
        info = hub.info(revision or named_revision)
        commit = str(info["sha"])
        files = {file.path: file for file in hub.files(commit)}
        if _CONFIG_FILE not in files:
            raise no_config(model_id, files)
        config = hub.json_file(commit, files[_CONFIG_FILE])
        check_code(model_id, config)
        check_architecture(model_id, config, files)
        if _GENERATION_FILE in files:
            check_code(model_id, hub.json_file(commit, files[_GENERATION_FILE]))
        needed, tensors = needed_files(model_id, files, lambda file: hub.json_file(commit, file))
        is_by_mlx = info.get("library_name") == "mlx" or "mlx" in (info.get("tags") or ())
        runtimes = check_form(model_id, config, tensors, runtime, is_by_mlx=is_by_mlx)
    return Repository(model_id, commit, needed, config, runtimes)


def repository_named(text: str, access: HubAccess) -> tuple[str, str | None]:
    """The id and the revision of the repository that a person named, by its id or by the address of its page.

    Raises:
        ModelError: It is neither.
    """
    wanted = text.strip()
    for address in (access.address, HUB_ADDRESS, "https://hf.co"):
        if wanted.startswith(f"{address}/") and (address != access.address or access.is_address):
            parts = [part for part in urlsplit(wanted).path[len(urlsplit(address).path) :].split("/") if part]
            revision = parts[3] if len(parts) > 3 and parts[2] in {"tree", "blob", "resolve"} else ""  # noqa: PLR2004
            wanted = "/".join(parts[:2]) + (f"@{revision}" if COMMIT.fullmatch(revision) else "")
            break
    named = split_model_id(wanted)
    if named is None:
        raise ModelError(
            Sentence(
                "“{name}” is not the name of a repository on {host}.",
                name=text,
                host=host_of(access.address) or access.address,
            ),
            "Write maker and model, such as Qwen/Qwen3-VL-4B-Instruct.",
        )
    return named[0], named[1] or None
