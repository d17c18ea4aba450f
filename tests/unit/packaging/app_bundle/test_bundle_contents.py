import pytest
from bundle_contents import (
    EXCLUDED_MODULES,
    LANGUAGES,
    MLX_FAMILIES,
    distributions_inside,
    excluded_families,
    is_metadata,
    is_wanted_entry,
    is_wanted_file,
    is_wanted_metadata,
    is_wanted_resource,
    is_wanted_system_library,
    may_lose_debug_information,
    missing_modules,
    own_modules,
)
from translations import ts_files

from app.core.model_types import SUPPORTED_MODEL_TYPES
from app.core.paths import RESOURCES_DIR


def test_each_architecture_that_the_program_runs_on_mlx_is_inside() -> None:
    assert set(MLX_FAMILIES) == set(SUPPORTED_MODEL_TYPES["mlx"])


def test_each_language_of_the_program_is_inside_with_qts_own_words() -> None:
    assert {f"viewfinder_{language}.ts" for language in LANGUAGES} == {file.name for file in ts_files()}
    for language in LANGUAGES:
        assert is_wanted_file(f"PySide6/Qt/translations/qtbase_{language}.qm")
        assert is_wanted_resource(f"resources/translations/viewfinder_{language}.qm")


def test_no_module_of_the_program_or_of_what_it_asks_for_is_excluded() -> None:
    asked = ("app", "av", "filelock", "httpx2", "huggingface_hub", "jinja2", "keyring", "markdown_it", "numpy", "PIL")
    more = (
        "pillow_heif",
        "pygments",
        "PySide6",
        "shiboken6",
        "tokenizers",
        "mlx",
        "mlx_vlm",
        "transformers",
        "socksio",
    )
    assert not set(EXCLUDED_MODULES) & {*asked, *more, "certifi", "truststore", "safetensors", "requests"}


def test_of_transformers_only_the_families_that_loading_imports_stay() -> None:
    assert excluded_families(["qwen2", "bert", "auto", "llava", "encoder_decoder"]) == (
        "transformers.models.bert",
        "transformers.models.llava",
    )


@pytest.mark.parametrize(
    "place",
    [
        "PySide6/Qt/plugins/platforms/libqxcb.so",
        "PySide6/Qt/plugins/platforms/libqoffscreen.so",
        "PySide6/Qt/plugins/platforms/libqcocoa.dylib",
        "PySide6/Qt/plugins/styles/libqmacstyle.dylib",
        "PySide6/Qt/plugins/platforminputcontexts/libibusplatforminputcontextplugin.so",
        "PySide6/Qt/lib/QtGui.framework/Versions/A/QtGui",
        "PySide6/Qt/lib/libQt6Gui.so.6",
        "mlx/lib/mlx.metallib",
        "transformers/models/auto/modeling_auto.py",
        "certifi/cacert.pem",
    ],
)
def test_wanted_file(place: str) -> None:
    assert is_wanted_file(place)


@pytest.mark.parametrize(
    "place",
    [
        "PySide6/Qt/plugins/sqldrivers/libqsqlite.so",
        "PySide6/Qt/plugins/qmltooling/libqmldbg_debugger.so",
        "PySide6/Qt/plugins/platforms/libqeglfs.so",
        "PySide6/Qt/plugins/platforms/libqminimal.dylib",
        "PySide6/Qt/plugins/imageformats/libqpdf.dylib",
        "PySide6/Qt/plugins/platforminputcontexts/libqtvirtualkeyboardplugin.so",
        "PySide6/Qt/plugins/networkinformation/libqapplenetworkinformation.dylib",
        "PySide6/Qt/translations/qtbase_de.qm",
        "PySide6/Qt/translations/assistant_zh_CN.qm",
        "PySide6/Qt/lib/QtPdf.framework/Versions/A/QtPdf",
        "PySide6/Qt/lib/QtQuick.framework/Resources/Info.plist",
        "PySide6/Qt/lib/libQt6EglFsKmsSupport.so.6",
        "libQt6Network.so.6",
        "PySide6/Qt/qml/QtQuick/qmldir",
        "mlx/include/mlx/array.h",
    ],
)
def test_unwanted_file(place: str) -> None:
    assert not is_wanted_file(place)


@pytest.mark.parametrize("name", ["libssl.so.3", "libpython3.11.so.1.0", "libxcb-cursor.so.0", "libxkbcommon-x11.so.0"])
def test_what_python_and_qt_need_and_not_every_desktop_has_comes_along(name: str) -> None:
    assert is_wanted_system_library(name)


@pytest.mark.parametrize(
    "name",
    [
        *("libstdc++.so.6", "libgcc_s.so.1", "libmvec.so.1", "libglib-2.0.so.0", "libX11.so.6", "libxcb.so.1"),
        *("libfontconfig.so.1", "libGL.so.1", "libEGL.so.1", "libdbus-1.so.3", "libgtk-3.so.0", "libcudart.so"),
    ],
)
def test_what_must_be_the_systems_own_stays_out(name: str) -> None:
    assert not is_wanted_system_library(name)


@pytest.mark.parametrize(
    "name",
    [
        *("METADATA", "entry_points.txt", "LICENSE", "LICENSE.txt", "licenses/LICENSE", "licenses/a/b/COPYING.LGPL"),
        *("sboms/auditwheel.cdx.json", "AUTHORS.md", "NOTICE"),
    ],
)
def test_wanted_metadata(name: str) -> None:
    assert is_wanted_metadata(name)


@pytest.mark.parametrize(
    "name", ["RECORD", "direct_url.json", "INSTALLER", "WHEEL", "licenses/__pycache__/AUTHORS.cpython-311.pyc"]
)
def test_what_names_the_builders_places_is_no_wanted_metadata(name: str) -> None:
    assert not is_wanted_metadata(name)


def test_a_link_goes_in_only_with_what_it_leads_to() -> None:
    frameworks = "PySide6/Qt/lib/{0}.framework/Versions/A/{0}"
    assert is_wanted_entry("QtCore", frameworks.format("QtCore"), "SYMLINK")
    assert not is_wanted_entry("QtNetwork", frameworks.format("QtNetwork"), "SYMLINK")
    assert is_wanted_entry("certifi/cacert.pem", "/build/Network.framework/cacert.pem", "DATA")
    assert not is_wanted_entry("PySide6/Qt/lib/QtNetwork.framework/Resources", "Versions/Current/Resources", "SYMLINK")


def test_metadata_is_known_by_its_folder() -> None:
    assert is_metadata("mlx-0.32.4.dist-info/METADATA")
    assert not is_metadata("mlx/core.so")


def test_only_distributions_of_which_something_was_collected_are_inside() -> None:
    files = {"jaraco.context": ["/s/jaraco/context.py"], "pandas": ["/s/pandas/__init__.py"], "mlx": ["/s/a", "/s/b"]}
    assert distributions_inside(files, {"/s/jaraco/context.py", "/s/b"}) == ("jaraco.context", "mlx")


def test_resources_are_those_that_the_program_reads() -> None:
    places = [file.relative_to(RESOURCES_DIR.parent).as_posix() for file in RESOURCES_DIR.rglob("*") if file.is_file()]
    wanted = {place for place in places if is_wanted_resource(place)}
    assert {"resources/demo_model/model.safetensors", "resources/catalogue.toml"} <= wanted
    assert "resources/samples/moving-circle.mp4" in wanted
    assert not any(place.startswith("resources/readme/") or place.endswith(".ts") for place in wanted)
    assert not is_wanted_resource("resources/samples/.DS_Store")


def test_modules_are_named_after_their_files() -> None:
    places = ["app/__init__.py", "app/core/__init__.py", "app/core/paths.py", "app/__main__.py"]
    assert own_modules(places) == ("app", "app.core", "app.core.paths")


def test_a_module_that_was_not_collected_is_named() -> None:
    assert missing_modules({"a", "b"}, ("a", "c")) == ("c",)


@pytest.mark.parametrize(
    "place",
    ["libpython3.11.so.1.0", "python3.11/lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so", "av/video/frame.abi3.so"],
)
def test_python_and_its_modules_lose_their_debug_information(place: str) -> None:
    assert may_lose_debug_information(place)


@pytest.mark.parametrize(
    "place",
    [
        *("numpy.libs/libscipy_openblas64_-32a4b2a6.so", "av.libs/libx264-d6533a8d.so.165", "mlx/lib/libmlx.so"),
        *("PySide6/QtCore.abi3.so", "PySide6/Qt/plugins/platforms/libqxcb.so", "libssl.so.3"),
    ],
)
def test_libraries_that_wheels_bring_along_are_left_as_they_are(place: str) -> None:
    assert not may_lose_debug_information(place)
