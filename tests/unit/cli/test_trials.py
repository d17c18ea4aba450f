"""Each part of the self-test, with what it tries broken."""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from app.backends import table, trial_mlx
from app.cli import selftest, trial_answers, trial_machine, trial_media, trial_places
from app.cli.arguments import SelftestOptions, read_arguments
from app.cli.selftest import _Run
from app.cli.terminal import Terminal
from app.cli.trial_answers import DemoAnswers
from app.cli.trial_machine import DeviceTrial
from app.cli.trials import PARTS, PartEnded, Places, try_parts
from app.core import checkpoint
from app.core.licences.inside import Inside
from app.core.paths import DEMO_MODEL_DIR, RESOURCES_DIR, SAMPLE_NUMBER, SAMPLE_PICTURE, SCHEMAS_DIR
from app.core.trials import Found, TrialError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from app.cli.trials import WindowParts

SCHEMA = json.loads((SCHEMAS_DIR / "selftest-1.schema.json").read_text(encoding="utf-8"))


def no_window(_: Path) -> Mapping[str, Any]:
    raise AssertionError


def tried(*names: str, places: Places | None = None, window: WindowParts = no_window) -> dict[str, PartEnded]:
    """How these parts went, as their process tells it."""
    out = io.StringIO()
    assert try_parts(names, places or Places(None, None), window, out) == 0
    ended = [PartEnded(**json.loads(line)) for line in out.getvalue().splitlines()]
    assert [part.name for part in ended] == list(names)
    return {part.name: part for part in ended}


@pytest.fixture
def demo() -> Iterator[DemoAnswers]:
    answers = DemoAnswers()
    yield answers
    answers.close()


def test_answers_are_compared_with_what_is_shown(demo: DemoAnswers, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "yellow star" in demo.picture().detail
    assert demo.number().detail == "“The number 42.”"
    monkeypatch.setattr(trial_answers, "SAMPLE_PICTURE", SAMPLE_PICTURE.with_name("two-shapes.png"))
    monkeypatch.setattr(trial_answers, "SAMPLE_NUMBER", SAMPLE_PICTURE)
    monkeypatch.setattr(trial_answers, "SAMPLE_VIDEO", SAMPLE_NUMBER)
    for part in (demo.picture, demo.number, demo.video):
        with pytest.raises(TrialError, match=r"^The answer is wrong: “.+\.”$"):
            part()


@pytest.mark.parametrize(
    ("answer", "passes"),
    [
        ("A red circle, a yellow star and a blue square.", True),
        ("A red circle, a yellow star and a green square.", False),
        ("A red circle, a yellow star, a blue square and a pink star.", False),
        ("", False),
        ("I only know simple shapes and numbers.", False),
    ],
)
def test_every_shape_and_no_other_is_the_right_answer(
    answer: str, passes: bool, demo: DemoAnswers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "_ask", lambda *_: answer)
    if passes:
        assert answer in demo.picture().detail
    else:
        with pytest.raises(TrialError):
            demo.picture()


@pytest.mark.parametrize("answer", ["The number 24.", "The number 42 and a red circle.", "4 and 2", "420"])
def test_another_number_is_wrong(answer: str, demo: DemoAnswers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "_ask", lambda *_: answer)
    with pytest.raises(TrialError):
        demo.number()


@pytest.mark.parametrize("answer", ["A blue circle moves to the left.", "A red circle moves to the right.", "right"])
def test_another_shape_or_direction_is_wrong(answer: str, demo: DemoAnswers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "_ask", lambda *_: answer)
    with pytest.raises(TrialError):
        demo.video()


@pytest.mark.allows_log
def test_a_damaged_demo_model_fails_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "demo"
    shutil.copytree(DEMO_MODEL_DIR, folder)
    (folder / "tokenizer.json").unlink()
    monkeypatch.setattr(checkpoint, "DEMO_MODEL_DIR", folder)
    ended = tried("picture", "number", "resources")
    assert {part.outcome for part in ended.values()} == {"failed"}
    assert "tokenizer.json" in ended["picture"].detail
    assert "tokenizer.json" in ended["resources"].detail


def test_without_a_runtime_what_needs_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = {name: replace(entry, needs=("no_such_package",)) for name, entry in table.BACKENDS.items()}
    monkeypatch.setattr(table, "BACKENDS", absent)
    ended = tried("device", "product", "kernels", "picture", "frames")
    assert ended["frames"].outcome == "ok"
    for name in ("device", "product", "kernels", "picture"):
        assert ended[name].outcome == "failed"
        assert "No backend can run here" in ended[name].detail
        assert "no_such_package not installed" in ended[name].detail


@pytest.mark.parametrize("error", [RuntimeError("[metal] no device"), OSError("libmlx.dylib"), ImportError("mlx")])
def test_a_runtime_that_does_not_load_is_a_failure_and_no_more(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> Any:
        raise error

    monkeypatch.setattr(trial_mlx, "_runtime", fail)
    ended = tried("device", "product")
    for part in ended.values():
        assert part.outcome == "failed"
        assert str(error) in part.detail


class PlayedRuntime(SimpleNamespace):
    """What the trial asks of mlx.core."""

    def __init__(self, kind: str, *, has_metal: bool, file: Path | None = None) -> None:
        types = SimpleNamespace(gpu="gpu", cpu="cpu")
        super().__init__(
            __version__="0.0",
            __file__=str(file),
            DeviceType=types,
            default_device=lambda: SimpleNamespace(type=kind),
            metal=SimpleNamespace(is_available=lambda: has_metal),
            device_info=lambda: {"device_name": "Apple M2"},
        )


def test_on_a_mac_only_the_gpu_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = PlayedRuntime("gpu", has_metal=True)
    monkeypatch.setattr(trial_mlx, "_runtime", lambda: runtime)
    monkeypatch.setattr(trial_mlx, "is_apple_silicon", lambda: True)
    assert trial_mlx.device().device == "Apple M2 (gpu)"
    for other in (PlayedRuntime("cpu", has_metal=True), PlayedRuntime("gpu", has_metal=False)):
        monkeypatch.setattr(trial_mlx, "_runtime", lambda other=other: other)
        with pytest.raises(TrialError, match=r"not on the GPU") as told:
            trial_mlx.device()
        assert told.value.versions["mlx"] == "0.0"
    monkeypatch.setattr(trial_mlx, "is_apple_silicon", lambda: False)
    assert trial_mlx.device().detail == "Apple M2, gpu, Metal no"


def test_on_a_mac_the_kernels_are_beside_both_names_of_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "mlx" / "lib"
    library.mkdir(parents=True)
    runtime = PlayedRuntime("gpu", has_metal=True, file=tmp_path / "mlx" / "core.so")
    monkeypatch.setattr(trial_mlx, "_runtime", lambda: runtime)
    assert not trial_mlx.kernels().is_applicable
    monkeypatch.setattr(trial_mlx, "is_apple_silicon", lambda: True)
    with pytest.raises(TrialError, match="There is no libmlx in"):
        trial_mlx.kernels()
    (library / "libmlx.dylib").touch()
    (tmp_path / "libmlx.dylib").symlink_to(library / "libmlx.dylib")
    (library / "mlx.metallib").write_bytes(bytes(2_000_000))
    with pytest.raises(TrialError, match=f"Beside libmlx in {tmp_path} there is no mlx.metallib"):
        trial_mlx.kernels()
    (tmp_path / "mlx.metallib").symlink_to(library / "mlx.metallib")
    found = trial_mlx.kernels().detail
    assert f"{library / 'mlx.metallib'} (2 MB)" in found
    assert f"{tmp_path / 'mlx.metallib'} (2 MB)" in found
    (library / "mlx.metallib").write_bytes(b"cut off")
    with pytest.raises(TrialError, match="has only 7 bytes"):
        trial_mlx.kernels()


def test_a_product_that_is_wrong_in_one_number_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def nearly(left: Any, right: Any) -> Any:
        product = left @ right
        product[7, 9] += 1
        return product

    device = DeviceTrial()
    monkeypatch.setattr(device, "_trial", SimpleNamespace(product=nearly, end=lambda: None))
    with pytest.raises(TrialError, match=r"Of 49152 numbers of the product 1 are wrong\."):
        device.product()
    device._trial.product = lambda left, right: (left @ right)[:5]
    with pytest.raises(TrialError, match="are wrong"):
        device.product()
    device._trial.product = lambda *_: np.full((192, 256), np.nan, np.float32)
    with pytest.raises(TrialError, match="49152 are wrong"):
        device.product()
    device.close()


def test_a_library_that_does_not_import_is_named_and_the_others_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_machine, "_LIBRARIES", (("numpy", "numpy"), ("nonesuch", "nonesuch_library")))
    with pytest.raises(TrialError, match="nonesuch: ModuleNotFoundError") as told:
        trial_machine.try_libraries()
    assert told.value.versions == {"numpy": np.__version__}


def test_frames_are_compared_with_what_the_video_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tried("frames")["frames"].outcome == "ok"
    monkeypatch.setattr(trial_media, "_START_S", 4.9)
    assert "at 0.8" in tried("frames")["frames"].detail
    monkeypatch.undo()
    monkeypatch.setattr(trial_media, "SAMPLE_VIDEO", tmp_path / "gone.mp4")
    assert "gone.mp4" in tried("frames")["frames"].detail
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes((RESOURCES_DIR / "samples" / "moving-circle.mp4").read_bytes()[:4000])
    monkeypatch.setattr(trial_media, "SAMPLE_VIDEO", damaged)
    assert tried("frames")["frames"].outcome == "failed"


def test_exports_are_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = Places(tmp_path, None)
    assert tried("exports", places=places)["exports"].outcome == "ok"
    assert "No temporary folder" in tried("exports")["exports"].detail
    result = trial_media._example()
    monkeypatch.setattr(trial_media, "read_result_file", lambda _: replace(result, system="other"))
    assert "does not read back" in tried("exports", places=places)["exports"].detail
    monkeypatch.setattr(trial_media, "read_result_file", lambda _: result)
    monkeypatch.setattr(trial_media, "SCHEMAS_DIR", tmp_path)
    (tmp_path / "result-1.schema.json").write_text(
        '{"properties": {"format": {"const": "viewfinder.result/1"}}, "required": ["nonesuch"]}'
    )
    assert "does not follow its schema" in tried("exports", places=places)["exports"].detail
    monkeypatch.undo()
    monkeypatch.setattr(trial_media, "SAMPLE_PICTURE", tmp_path / "gone.png")
    assert "gone.png" in tried("exports", places=places)["exports"].detail


def test_folders_that_cannot_be_written_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.touch()
    below_a_file = Places(tmp_path, file / "profile")
    ended = tried("data_folder", "log_folder", places=below_a_file)
    for part in ended.values():
        assert part.outcome == "failed"
        assert str(file / "profile") in part.detail
    whole = tried("data_folder", "log_folder", places=Places(tmp_path, tmp_path / "profile"))
    assert {part.outcome for part in whole.values()} == {"ok"}
    assert whole["log_folder"].detail == f"{tmp_path / 'profile' / 'logs'} (not there yet)"
    assert not (tmp_path / "profile").exists()
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(file))
    assert str(file) in tried("temporary_folder")["temporary_folder"].detail


def test_a_home_of_nobody_is_a_failure_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Any:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", fail)
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name)
    assert "no home folder" in tried("data_folder")["data_folder"].detail


def test_resources_that_are_missing_are_all_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tried("resources")["resources"].outcome == "ok"
    monkeypatch.setattr(trial_places, "SCHEMAS_DIR", tmp_path)
    monkeypatch.setattr(trial_places, "SAMPLE_NUMBER", tmp_path / "number.png")
    monkeypatch.setattr(trial_places, "list_presets", lambda: ())
    detail = tried("resources")["resources"].detail
    for name in ("result-1.schema.json", "selftest-1.schema.json", "number.png", "There are no presets"):
        assert name in detail


def test_a_bundle_with_something_that_nobody_licensed_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    stray = Inside((), (), (Path("/stray/libstray.so"),), Path("/stray"))
    monkeypatch.setattr(trial_places, "inside_here", lambda: stray)
    assert "libstray" not in tried("resources")["resources"].detail
    monkeypatch.setattr(trial_places, "is_bundled", lambda: True)
    ended = tried("resources")["resources"]
    assert ended.outcome == "failed"
    assert "libstray.so is in no table" in ended.detail


def test_certificates_that_are_missing_or_few_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import certifi

    assert tried("certificates")["certificates"].outcome == "ok"
    end = "-----END CERTIFICATE-----\n"
    first = Path(certifi.where()).read_text(encoding="utf-8").partition(end)[0] + end
    (tmp_path / "one.pem").write_text(first, encoding="utf-8")
    monkeypatch.setattr(certifi, "where", lambda: str(tmp_path / "one.pem"))
    assert "has only 1 authorities" in tried("certificates")["certificates"].detail
    monkeypatch.setattr(certifi, "where", lambda: str(tmp_path / "cacert.pem"))
    assert "cacert.pem" in tried("certificates")["certificates"].detail
    (tmp_path / "cacert.pem").write_text("no certificates")
    assert tried("certificates")["certificates"].outcome == "failed"
    monkeypatch.undo()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cacert.pem"))
    detail = tried("certificates")["certificates"].detail
    assert "certificates of this system cannot be read. Check the files that SSL_CERT_FILE" in detail


def test_only_a_mac_must_have_a_keychain(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tried("keychain")["keychain"].outcome == "not_applicable"
    monkeypatch.setattr("sys.platform", "darwin")
    assert tried("keychain")["keychain"].outcome == "failed"


def test_what_is_not_foreseen_is_a_failure_with_its_place(tmp_path: Path) -> None:
    def fail() -> Found:
        raise ZeroDivisionError("a window without height")

    places = Places(tmp_path, None)
    parts = {"window": fail, "languages": lambda: Found("zh_CN")}
    ended = tried("window", "languages", places=places, window=lambda _: parts)
    assert ended["window"].outcome == "failed"
    detail = ended["window"].detail
    assert "ZeroDivisionError: a window without height (" in detail
    assert f"{Path(__file__).name}, line " in detail
    assert ended["languages"].outcome == "ok"


@pytest.mark.parametrize("outcome", ["ok", "failed"])
def test_the_document_follows_its_schema_either_way(outcome: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run = _Run(Terminal(), as_json=True)
    for part in PARTS:
        run.take(PartEnded(part.name, outcome, "a\nb", 0.1, {"x": "1"}, "Apple M2 (gpu)"))
    assert run.end() == (outcome == "failed")
    document = json.loads(capsys.readouterr().out)
    validator = Draft202012Validator(SCHEMA)
    validator.validate(document)
    assert document["is_passed"] == (outcome == "ok")
    assert not validator.is_valid({**document, "is_passed": outcome == "failed"})


def test_people_read_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    run = _Run(Terminal(), as_json=False)
    run.begin()
    run.take(PartEnded("device", "ok", "Apple M2\nMetal", 0.25))
    run.take(PartEnded("picture", "failed", "The answer is wrong: “No.”", 12.0))
    run.take(PartEnded("kernels", "not_applicable", "only on a Mac", 0.0))
    assert run.end() == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[6:9] == [
        "ok      Device               0.2 s  Apple M2 Metal",
        "FAILED  Question, picture   12.0 s  The answer is wrong: “No.”",
        "-       Metal kernels        0.0 s  only on a Mac",
    ]
    assert lines[-3].startswith("1 of 3 parts has failed (")
    assert "report it" in lines[-1]


def test_options_are_read_wherever_they_stand() -> None:
    for line in ("--selftest --json", "--json --selftest", "--profile x --selftest --json", "--selftest --profile x"):
        options = read_arguments(line.split())
        assert isinstance(options, SelftestOptions)
        assert options.as_json == ("--json" in line)
        assert (options.common.profile_dir is not None) == ("--profile" in line)


@pytest.mark.parametrize("line", ["--selftest --parts nonesuch", "--selftest picture.png", "--json"])
def test_what_it_does_not_know_is_refused(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read_arguments(line.split())
    assert ended.value.code == 2
    assert capsys.readouterr().err


def test_a_profile_is_looked_at_where_the_person_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(selftest, "PARTS", [part for part in PARTS if part.name == "data_folder"])
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    for name, folder in (("kept", tmp_path / "kept"), ("~/kept", tmp_path / "home" / "kept")):
        options = read_arguments(["--selftest", "--profile", name])
        assert isinstance(options, SelftestOptions)
        assert selftest.run_selftest(options, no_window) == 0
        assert f"  {folder} (not there yet)\n" in capsys.readouterr().out


def test_without_a_temporary_folder_the_parts_that_need_none_are_tried(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: Any) -> Any:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", fail)
    monkeypatch.setattr(selftest, "PARTS", [part for part in PARTS if part.name in {"exports", "frames"}])
    options = read_arguments(["--selftest"])
    assert isinstance(options, SelftestOptions)
    assert selftest.run_selftest(options, no_window) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("ok      Video frames") for line in lines)
    assert any(line.startswith("FAILED  Exports") and "No temporary folder" in line for line in lines)
