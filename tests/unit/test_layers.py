import subprocess
import sys

HEAVY = ("PySide6", "shiboken6", "mlx", "mlx_vlm", "torch", "transformers", "huggingface_hub", "httpx2", "keyring")

SLOW = ("av", "PIL", "numpy")
"""What opens videos and pictures: imported with the first of them, not before the window is shown."""

IMPORT_FIRST = """
import sys
import app.entry, app.cli.ask, app.core.conversation, app.core.gathering, app.core.next_question, app.engine.engine
import app.exporters.json_export
print(*sorted({name.split(".")[0] for name in sys.modules}))
"""

IMPORT_ALL = """
import importlib, pkgutil, sys
import app.entry, app.__main__, app.backends.table
for name in ("app.core", "app.engine", "app.cli", "app.exporters"):
    package = importlib.import_module(name)
    for module in pkgutil.iter_modules(package.__path__, name + "."):
        importlib.import_module(module.name)
print(*sorted({name.split(".")[0] for name in sys.modules}))
"""


def test_a_fresh_interpreter_that_imports_the_plain_rooms_loads_neither_qt_nor_a_model_runtime() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, check=True)
    assert set(HEAVY).isdisjoint(done.stdout.split())
    assert done.stderr == ""


def test_what_opens_pictures_and_videos_waits_for_the_first_of_them() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT_FIRST], capture_output=True, text=True, check=True)
    assert set(SLOW).isdisjoint(done.stdout.split())
