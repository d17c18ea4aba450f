"""What tests of downloads share: a quick download and a look at what it left in the cache."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.core.models.download_state import FetchProgress
from app.core.models.fetching import fetch
from app.core.models.patience import Patience
from tests.hub_server import HubServer
from tests.served_model import access_to, repository_of

ID, OTHER = "house/demo", "house/other"
TINY = {"config.json": b'{"a": 1}', "model.safetensors": bytes(range(256)) * 4000}
QUICK = Patience(
    first_wait_s=0.01, longest_wait_s=0.05, longest_asked_s=5, gives_up_after_s=0.3, silence_s=0.5, connect_s=2
)
SHARD = "model-00003-of-00006.safetensors"


def run(
    hub: HubServer, model_id: str = ID, stop: Callable[[], bool] = lambda: False, patience: Patience = QUICK
) -> list[FetchProgress]:
    return list(fetch(repository_of(hub, model_id), access_to(hub), stop, patience=patience))


def snapshot(hub: HubServer, model_id: str = ID) -> Path:
    from huggingface_hub import snapshot_download

    folder = Path(snapshot_download(model_id, local_files_only=True))
    assert folder.name == hub.repositories[model_id].head
    return folder


def assert_whole(hub: HubServer, model_id: str = ID) -> None:
    folder = snapshot(hub, model_id)
    served = hub.repositories[model_id].files()
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()) == list(served)
    for path, file in served.items():
        assert (folder / path).read_bytes() == file.read(0, file.size_bytes), path
    assert leftovers(folder.parents[1]) == []


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if "viewfinder" in path.name]


def parts(cache: Path) -> dict[str, int]:
    return {path.name[:64]: path.stat().st_size for path in cache.rglob("*.viewfinder-part")}
