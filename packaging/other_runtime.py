"""The environment of the transformers backend's tests: PyTorch and MLX disturb one another in one.

As a command it makes that environment. Standard library only. What MLX made of the questions that both runtimes are
asked was kept by the tests before.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from setup_commands import SetUpError, base_interpreter, clean_environment, pip_install, program_in, run, say
from setup_stamp import requirements_digest
from side_by_side import end_as_if_interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / ".venv-transformers"
TORCH = "torch==2.13.0"
"""The version that is tried; on Linux pip's settings decide between a build for processors alone and one with CUDA."""
TESTS = (
    "tests/contract/test_backends.py",
    "tests/contract/test_switching.py",
    "tests/unit/backends",
    "tests/parity",
    "tests/e2e/test_ask_demo.py::test_the_sample_picture_is_described",
    "tests/e2e/test_ask_demo.py::test_what_happens_in_the_sample_video_is_told",
    "tests/e2e/test_ask_adapter.py",
    "tests/e2e/test_ask_demo.py::test_the_runtime_that_is_not_asked_for_is_not_imported",
    "tests/e2e/test_no_connection.py::test_a_downloaded_model_answers_without_a_connection",
)

_STAMP_NAME = "viewfinder-tried.txt"


def is_tried_on(system: str) -> bool:
    """Whether a system, as in ``sys.platform``, has two runtimes; on Windows this one is the first and only."""
    return system != "win32"


def tests_command() -> list[str]:
    """The tests that a runtime must pass, run in its environment."""
    return [str(program_in(ENVIRONMENT, "python")), "-m", "pytest", *TESTS]


def prepare(run: Callable[[Sequence[str], Mapping[str, str]], None], variables: Mapping[str, str]) -> None:
    """Makes the environment anew when anything it was made from has changed; otherwise it costs a few milliseconds.

    Args:
        run: Runs a command, and raises when it fails.
        variables: Of the commands' environment.
    """
    python = program_in(ENVIRONMENT, "python")
    stamp = ENVIRONMENT / _STAMP_NAME
    digest = requirements_digest((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    made_from = "\n".join((str(ROOT), os.path.realpath(sys.executable), TORCH, digest))
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == made_from:
        return
    began = time.monotonic()
    say(f"Making the environment {ENVIRONMENT} (PyTorch is a large download)")
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    run([base_interpreter(), "-m", "venv", str(ENVIRONMENT)], variables)
    pip = pip_install(python)
    run([*pip, "--upgrade", "pip>=24"], variables)
    run([*pip, TORCH, "--editable", f"{ROOT}[cpu,test]"], variables)
    stamp.write_text(made_from, encoding="utf-8")
    say(f"Ready after {time.monotonic() - began:.0f} s.")


def main() -> int:
    """Makes the environment; gives an exit code."""
    end_as_if_interrupted()
    try:
        prepare(run, clean_environment())
    except SetUpError as error:
        say(f"The environment {ENVIRONMENT} could not be made. {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
