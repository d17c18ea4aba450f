"""The server that tests download from answers huggingface_hub as the Hub does, and goes wrong when told to."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from app.core.paths import DEMO_MODEL_DIR
from tests.hub_server import GOOD_TOKEN, OTHER_TOKEN, Fault, HubServer

ID = "house/tiny"
FILES = {
    "config.json": b'{"model_type": "qwen3_vl"}',
    "nested/deep/tokenizer.json": b"{}" * 500,
    "model.safetensors": bytes(range(256)) * 2000,
}


def test_the_library_downloads_a_whole_repository(hub: HubServer, tmp_path: Path) -> None:
    from huggingface_hub import snapshot_download

    commit = hub.add("house/demo", DEMO_MODEL_DIR)
    folder = Path(snapshot_download("house/demo"))
    assert folder == tmp_path / "hub-cache/models--house--demo/snapshots" / commit
    for path in DEMO_MODEL_DIR.iterdir():
        assert (folder / path.name).read_bytes() == path.read_bytes()
        link = (folder / path.name).resolve()
        is_big = path.suffix == ".safetensors"
        content = path.read_bytes()
        assert not is_big or link.name == hashlib.sha256(content).hexdigest()
        assert is_big or link.name == hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()  # noqa: S324
    assert {one.where for one in hub.seen("*model.safetensors*", method="GET")} == {"store"}


def test_info_and_tree_come_in_pages(hub: HubServer) -> None:
    from huggingface_hub import HfApi

    hub.page_entries = 2
    commit = hub.add(ID, FILES)
    api = HfApi()
    info = api.model_info(ID, files_metadata=True)
    assert (info.sha, info.gated, info.private) == (commit, False, False)
    sizes = {one.rfilename: one.size for one in info.siblings or ()}
    assert sizes == {path: len(content) for path, content in FILES.items()}
    tree = {one.path: one for one in api.list_repo_tree(ID, recursive=True)}
    assert set(tree) == {*FILES, "nested", "nested/deep"}
    lfs = getattr(tree["model.safetensors"], "lfs", None)
    assert lfs is not None
    assert lfs.sha256 == hashlib.sha256(FILES["model.safetensors"]).hexdigest()
    assert {one.path for one in api.list_repo_tree(ID)} == {"config.json", "model.safetensors", "nested"}
    assert len(hub.seen("*/tree/*")) == 3 + 2


def test_a_second_commit_leaves_the_first_as_it_was(hub: HubServer) -> None:
    from huggingface_hub import HfApi, hf_hub_download

    first = hub.add(ID, FILES)
    second = hub.add(ID, {**FILES, "config.json": b"{}"})
    assert HfApi().model_info(ID).sha == second
    assert Path(hf_hub_download(ID, "config.json", revision=first)).read_bytes() == FILES["config.json"]
    assert Path(hf_hub_download(ID, "config.json")).read_bytes() == b"{}"


def test_who_may_not_have_it_is_told_as_on_the_hub(hub: HubServer) -> None:
    from huggingface_hub import HfApi, get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        RemoteEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    hub.add(ID, FILES)
    hub.add("house/gated", FILES, is_gated=True)
    hub.add("house/private", FILES, is_private=True)
    gated = hf_hub_url("house/gated", "model.safetensors")
    assert HfApi().model_info("house/gated").gated == "manual"
    for token in (False, OTHER_TOKEN):
        with pytest.raises(GatedRepoError):
            get_hf_file_metadata(gated, token=token)
        with pytest.raises(RepositoryNotFoundError):
            HfApi(token=token).model_info("house/private")
        with pytest.raises(RepositoryNotFoundError):
            HfApi(token=token).model_info("house/nothing")
    assert get_hf_file_metadata(gated, token=GOOD_TOKEN).size == len(FILES["model.safetensors"])
    assert HfApi(token=GOOD_TOKEN).model_info("house/private").private
    with pytest.raises(HfHubHTTPError, match="401"):
        HfApi(token="hf_expired").model_info(ID)
    with pytest.raises(RevisionNotFoundError):
        HfApi().model_info(ID, revision="nothing")
    with pytest.raises(RemoteEntryNotFoundError):
        get_hf_file_metadata(hf_hub_url(ID, "nothing.json"))


def test_the_token_stays_with_the_hub_and_parts_are_served(hub: HubServer) -> None:
    from huggingface_hub import get_session, hf_hub_url
    from huggingface_hub.utils._headers import build_hf_headers

    hub.add(ID, FILES)
    content = FILES["model.safetensors"]
    url = hf_hub_url(ID, "model.safetensors")
    headers = build_hf_headers(token=GOOD_TOKEN)
    part = get_session().get(url, headers={**headers, "Range": "bytes=1000-"})
    assert (part.status_code, part.content) == (206, content[1000:])
    assert part.headers["Content-Range"] == f"bytes 1000-{len(content) - 1}/{len(content)}"
    etag = part.headers["ETag"]
    for if_range, status in ((etag, 206), ('"other"', 200)):
        again = get_session().get(url, headers={**headers, "Range": "bytes=5-9", "If-Range": if_range})
        assert again.status_code == status
    beyond = get_session().get(url, headers={"Range": f"bytes={len(content)}-"})
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(content)}")
    assert all("authorization" not in one.headers for one in hub.seen(where="store"))
    assert any(one.range == "bytes=1000-" for one in hub.seen(where="store"))


def test_faults_come_in_their_turn_and_end(hub: HubServer) -> None:
    import httpx2
    from huggingface_hub import get_session, hf_hub_url

    hub.add(ID, FILES)
    content = FILES["model.safetensors"]
    url = hf_hub_url(ID, "model.safetensors")
    hub.fault("*model.safetensors", Fault(cut_after=1000), where="store")
    hub.fault("*model.safetensors", Fault(status=429, headers={"Retry-After": "7"}), where="store")
    hub.fault("*model.safetensors", Fault(spoil_at=10), where="store")
    hub.fault("*model.safetensors", Fault(missing_bytes=5), where="store")
    hub.fault("*model.safetensors", Fault(missing_bytes=-5), where="store")
    hub.fault("*model.safetensors", Fault(ignores_range=True, etag="new"), where="store")
    session = get_session()
    with pytest.raises(httpx2.RemoteProtocolError):
        session.get(url)
    assert session.get(url).headers["Retry-After"] == "7"
    spoiled = session.get(url).content
    assert [place for place in range(len(content)) if spoiled[place] != content[place]] == [10]
    assert session.get(url).content == content[:-5]
    assert session.get(url).content == content + bytes(5)
    whole = session.get(url, headers={"Range": "bytes=1000-"})
    assert (whole.status_code, whole.content, whole.headers["ETag"]) == (200, content, '"new"')
    assert session.get(url).content == content
    hub.fault("*", Fault(loops=True), times=100, where="hub")
    with pytest.raises(httpx2.TooManyRedirects):
        session.get(url)


def test_the_server_can_be_gone_and_come_back(hub: HubServer) -> None:
    import httpx2
    from huggingface_hub import get_session, hf_hub_url

    hub.add(ID, FILES)
    url = hf_hub_url(ID, "config.json")
    assert get_session().get(url).status_code == 200
    hub.stop()
    with pytest.raises(httpx2.TransportError):
        get_session().get(url)
    hub.start()
    assert get_session().get(url).content == FILES["config.json"]
