from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest

from app.core.errors import AppError, ModelError
from app.core.models.access import HubAccess
from app.core.models.repository import look_up, repository_named
from tests.hub_server import GOOD_TOKEN, OTHER_TOKEN, Fault
from tests.whole_model import CONFIG, weights, write_whole_model

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.hub_server import HubServer

ID = "Qwen/Qwen3-VL-4B-Instruct"
HTML = {"Content-Type": "text/html; charset=utf-8"}
MLX = {**CONFIG, "quantization": {"bits": 4, "group_size": 64}}


def files(config: Mapping[str, Any] | None = None, **changes: bytes | None) -> dict[str, bytes | Path]:
    """A small whole repository; a change of None leaves a file out (its ``.`` written ``_``, as in ``config_json``)."""
    whole = {
        "config.json": json.dumps(CONFIG if config is None else config).encode(),
        "tokenizer.json": b"{}",
        "chat_template.jinja": b"{{ messages }}",
        "model.safetensors": weights(64),
    }
    for name, content in changes.items():
        path = name.replace("__", "/").replace("_", ".", 1) if name not in NAMES else NAMES[name]
        if content is None:
            whole.pop(path)
        else:
            whole[path] = content
    return dict(whole)


NAMES = {
    "index": "model.safetensors.index.json",
    "gguf": "model-Q4.gguf",
    "pickle": "pytorch_model.bin",
    "code": "modeling_qwen.py",
    "template": "chat_template.jinja",
    "generation": "generation_config.json",
    "adapter": "adapter_config.json",
    "weights": "model.safetensors",
    "part": "model-00001-of-00002.safetensors",
}


def refused(hub: HubServer, config: Mapping[str, Any] | None = None, **changes: bytes | None) -> AppError:
    hub.add(ID, files(config, **changes))
    with pytest.raises(AppError) as caught:
        look_up(ID, HubAccess(hub.url))
    return caught.value


def test_one_commit_is_read_with_only_what_is_needed(hub: HubServer, tmp_path: Path) -> None:
    folder = write_whole_model(tmp_path / "model", parts=2)
    for name in ("README.md", "pytorch_model.bin", "modeling.py", "pytorch_model.bin.index.json", ".gitattributes"):
        (folder / name).write_bytes(b"{}")
    (folder / "consolidated.safetensors").write_bytes(weights(64))
    (folder / "onnx").mkdir()
    (folder / "onnx" / "model.safetensors").write_bytes(weights(64))
    commit = hub.add(ID, folder)
    repository = look_up(ID, HubAccess(hub.url))
    assert repository.revision == commit
    assert [file.path for file in repository.files] == [
        "chat_template.jinja",
        "config.json",
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        "model.safetensors.index.json",
        "tokenizer.json",
    ]
    assert repository.size_bytes == sum((folder / file.path).stat().st_size for file in repository.files)
    assert repository.config == CONFIG
    assert repository.runtimes == ("mlx", "transformers")
    big = [file for file in repository.files if file.path.endswith(".safetensors")]
    served = hub.repositories[ID].commits[commit]
    assert [file.sha256 for file in big] == [served[file.path].sha256 for file in big]
    # Nothing but small files was asked for, each of that one commit.
    asked = [one.path for one in hub.seen("*/resolve/*")]
    assert {path.rsplit("/", 1)[-1] for path in asked} == {"config.json", "model.safetensors.index.json"}
    assert all(commit in path for path in asked)


def test_a_long_list_of_files_comes_in_pages(hub: HubServer) -> None:
    hub.page_entries = 2
    hub.add(ID, files(code=b"print()"))
    assert len(look_up(ID, HubAccess(hub.url)).files) == 4
    assert len(hub.seen("*/tree/*")) > 2


def test_a_revision_is_taken_from_the_id_or_beside_it(hub: HubServer) -> None:
    old = hub.add(ID, files())
    new = hub.add(ID, files(MLX))
    access = HubAccess(hub.url)
    assert look_up(ID, access).revision == new
    assert look_up(ID, access, old).revision == old
    assert look_up(f"{ID}@{old}", access).revision == old
    assert look_up(f"{hub.url}/{ID}/tree/{old}", access).revision == old
    assert look_up(f"https://huggingface.co/{ID}", access).model_id == ID
    with pytest.raises(ModelError, match="no such revision"):
        look_up(ID, access, "0" * 40)


@pytest.mark.parametrize(
    "text", ["", "Qwen", "a/b/c", "../../etc", "Qwen/..", "Qwen/a?b", "Qwen/é", "https://x/y/z", "a b/c"]
)
def test_what_names_no_repository_is_told_before_anything_is_asked(text: str) -> None:
    with pytest.raises(ModelError, match="is not the name of a repository"):
        repository_named(text, HubAccess())


@pytest.mark.parametrize(
    ("config", "changes", "said"),
    [
        (CONFIG | {"model_type": "llava"}, {}, "is a “llava”"),
        ({"model_type": "qwen3"}, {}, "no vision tower"),
        (CONFIG | {"vision_config": None}, {}, "no vision tower"),
        (CONFIG | {"model_file": "x.py"}, {}, "its own program code"),
        (CONFIG | {"model_type": "own", "auto_map": {"AutoModel": "m.M"}}, {}, "its own program code"),
        (CONFIG, {"generation": b'{"model_file": "x.py"}'}, "its own program code"),
        (CONFIG, {"weights": None}, "no weights as safetensors"),
        (CONFIG, {"weights": None, "pickle": b"x"}, "only in files that may hold program code"),
        (CONFIG, {"config_json": None}, "no config.json"),
        (CONFIG, {"config_json": None, "gguf": b"x"}, "GGUF"),
        (CONFIG, {"config_json": None, "adapter": b"{}"}, "an adapter"),
        (CONFIG, {"config_json": b"[]"}, "config.json of Qwen/Qwen3-VL-4B-Instruct is damaged"),
        (CONFIG, {"config_json": b"{"}, "config.json of Qwen/Qwen3-VL-4B-Instruct is damaged"),
        (CONFIG, {"tokenizer_json": None}, "has no tokenizer.json"),
        (CONFIG, {"template": None}, "has no chat_template.jinja"),
        (CONFIG, {"index": b'{"weight_map": {"a": "gone.safetensors"}}'}, "1 of its 1 weight files are missing"),
        (CONFIG, {"index": b'{"weight_map": {"a": "../up.safetensors"}}'}, "weight files are missing"),
        (CONFIG, {"index": b"{}"}, "index.json of Qwen/Qwen3-VL-4B-Instruct is damaged"),
        (CONFIG, {"weights": None, "part": weights(64)}, "1 of its 2 weight files are missing"),
        (CONFIG | {"quantization_config": {"quant_method": "awq", "bits": 4}}, {}, "no backend reads .awq"),
        (CONFIG | {"quantization_config": {"quant_method": "bitsandbytes"}}, {}, "no backend reads"),
    ],
)
def test_what_cannot_be_used_is_refused_before_the_download(
    hub: HubServer, config: dict[str, Any], changes: dict[str, bytes | None], said: str
) -> None:
    error = refused(hub, config, **changes)
    assert isinstance(error, ModelError)
    assert said.replace(".awq", "(awq)") in error.said.text
    assert error.said.hint
    assert not hub.seen(where="store")


def test_code_beside_a_supported_model_is_left_where_it_is(hub: HubServer) -> None:
    hub.add(ID, files(CONFIG | {"auto_map": {"AutoModel": "modeling_qwen.M"}}, code=b"print()"))
    assert "modeling_qwen.py" not in [file.path for file in look_up(ID, HubAccess(hub.url)).files]


def test_the_other_backends_form_is_told_with_the_repository_to_take(hub: HubServer) -> None:
    access = HubAccess(hub.url)
    hub.add(ID, files(MLX))
    assert look_up(ID, access, runtime="mlx").runtimes == ("mlx",)
    with pytest.raises(ModelError, match="Take Qwen/Qwen3-VL-4B-Instruct instead"):
        look_up(ID, access, runtime="transformers")
    hub.add(ID, files(CONFIG), info={"library_name": "mlx"})
    with pytest.raises(ModelError, match="in MLX's form"):
        look_up(ID, access, runtime="transformers")
    index = json.dumps({"weight_map": {"vision_tower.a": "model.safetensors"}}).encode()
    hub.add(ID, files(CONFIG, index=index))
    assert look_up(ID, access).runtimes == ("mlx",)
    hub.add(ID, files(CONFIG | {"quantization_config": {"quant_method": "bitsandbytes"}}))
    with pytest.raises(ModelError, match="Take mlx-community/Qwen3-VL-4B-Instruct-4bit instead"):
        look_up(ID, access, runtime="mlx")


def test_a_newer_family_is_refused_for_transformers_and_taken_for_mlx(hub: HubServer) -> None:
    access = HubAccess(hub.url)
    hub.add(ID, files(CONFIG | {"model_type": "qwen3_5"}))
    assert look_up(ID, access).runtimes == look_up(ID, access, runtime="mlx").runtimes == ("mlx",)
    with pytest.raises(ModelError, match="newer family, which runs on MLX alone"):
        look_up(ID, access, runtime="transformers")


def test_private_and_gated_and_wrong_tokens_are_told_apart(hub: HubServer) -> None:
    hub.add("house/gated", files(), is_gated=True)
    hub.add("house/private", files(), is_private=True)
    good, other = HubAccess(hub.url, token=GOOD_TOKEN), HubAccess(hub.url, token=OTHER_TOKEN)
    for model_id in ("house/gated", "house/private"):
        assert look_up(model_id, good).model_id == model_id
    for model_id, access, said in (
        ("house/gated", HubAccess(hub.url), f"Ask for access at {hub.url}/house/gated, then keep your token"),
        ("house/gated", other, f"Ask for access at {hub.url}/house/gated with the account of your token"),
        ("house/private", HubAccess(hub.url), "There is no public repository house/private"),
        ("house/private", other, "or your token may not see it"),
        ("house/nothing", HubAccess(hub.url), "There is no public repository house/nothing"),
        ("house/gated", HubAccess(hub.url, token="hf_expired"), "does not take the token"),
    ):
        with pytest.raises(AppError) as caught:
            look_up(model_id, access)
        assert said in str(caught.value)
        assert "hf_" not in f"{caught.value!r} {caught.value.said}"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(status=429, headers={"Retry-After": "30"}), "Try again in 30 seconds."),
        (Fault(status=429, headers={"Retry-After": "301"}), "Try again in 6 minutes."),
        (Fault(status=429, headers={"RateLimit": '"api";r=0;t=55'}), "Try again in 55 seconds."),
        (Fault(status=429), "Try again in a few minutes."),
        (Fault(status=500), "has a fault of its own (error 500)"),
        (Fault(status=503), "has a fault of its own (error 503)"),
        (Fault(status=451), "has closed the repository"),
        (Fault(status=403), "does not let you at"),
        (Fault(status=418), "refused what it was asked (error 418)"),
        (Fault(status=407), "wants a name and a password"),
        (Fault(status=200, body=b"<html>Sign in</html>"), "does not answer as the Hub does"),
        (Fault(status=404, headers=HTML, body=b"<html>"), "does not answer as the Hub does"),
        (Fault(status=403, headers=HTML, body=b"<html>"), "does not answer as the Hub does"),
        (Fault(status=404, body=b"{}"), "There is no public repository"),
        (Fault(status=502, headers=HTML, body=b"<html>"), "has a fault of its own (error 502)"),
        (Fault(status=200, body=b"[]"), "does not answer as the Hub does"),
        (Fault(status=200, body=b'{"sha": "main"}'), "does not answer as the Hub does"),
        (Fault(status=200, body=b'{"sha": "' + b"0" * 40 + b'", "disabled": true}'), "has closed the repository"),
        (Fault(loops=True), "does not answer as the Hub does"),
        (Fault(hangs_up=True), "broke off"),
    ],
)
def test_every_fault_of_the_server_has_its_sentence(hub: HubServer, fault: Fault, said: str) -> None:
    hub.add(ID, files())
    hub.fault("/api/models/*", fault, times=math.inf)
    with pytest.raises(AppError) as caught:
        look_up(ID, HubAccess(hub.url))
    assert said in str(caught.value)
    assert caught.value.said.hint


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "file", "path": "a.json", "size": 3, "oid": "not a hash"},
        {"type": "file", "path": "a.json", "size": -1, "oid": "0" * 40},
        {"type": "file", "size": 3, "oid": "0" * 40},
        {"type": "file", "path": "a.json", "size": 3, "oid": "0" * 40, "lfs": {"oid": "short"}},
        "a.json",
    ],
)
def test_files_that_could_not_be_checked_are_no_hubs(hub: HubServer, entry: Any) -> None:
    hub.add(ID, files())
    hub.fault("*/tree/*", Fault(status=200, body=json.dumps([entry]).encode()))
    with pytest.raises(AppError, match="does not answer as the Hub does"):
        look_up(ID, HubAccess(hub.url))


def test_a_sign_in_page_in_the_place_of_a_file_is_told(hub: HubServer) -> None:
    hub.add(ID, files())
    hub.fault("*/config.json", Fault(status=200, body=b"<html>Sign in</html>"))
    with pytest.raises(AppError, match="does not answer as the Hub does"):
        look_up(ID, HubAccess(hub.url))


def test_offline_asks_nothing(hub: HubServer) -> None:
    hub.add(ID, files())
    with pytest.raises(AppError, match="offline"):
        look_up(ID, HubAccess(hub.url, is_offline=True))
    assert not hub.requests


def test_a_server_that_is_gone_is_told(hub: HubServer) -> None:
    hub.stop()
    with pytest.raises(AppError, match="cannot be reached"):
        look_up(ID, HubAccess(hub.url))
