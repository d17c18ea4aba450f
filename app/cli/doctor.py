"""``viewfinder doctor``: versions, machine, memory, and which backends can run here and why one cannot."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from app import __version__
from app.backends.table import AUTOMATIC, BACKENDS, choose_backend
from app.cli.figures import memory_text
from app.cli.terminal import Terminal
from app.cli.usage import DONE, FAILED
from app.core.bundled import bundle_path, is_bundled, is_in_passing_place, own_working_dir
from app.core.checkpoint import DEMO_MODEL_ID, find_checkpoint
from app.core.errors import ModelError
from app.core.machine import (
    MachineMemory,
    free_memory_bytes,
    has_nvidia_gpu,
    is_apple_silicon,
    is_gpu_hidden,
    machine_memory,
    memory_bytes,
    runtime_of,
)
from app.core.models.access import HubAccess, is_offline_by_environment
from app.core.models.hub_cache import hub_cache_dir
from app.core.models.hub_requests import proxy_of
from app.core.models.hub_token import token_place
from app.core.models.model_place import place_fault
from app.core.settings import read_settings

if TYPE_CHECKING:
    from app.cli.arguments import DoctorOptions
    from app.core.paths import Profile

_PACKAGES = (
    "PySide6_Essentials",
    "mlx",
    "mlx-vlm",
    "torch",
    "transformers",
    "accelerate",
    "bitsandbytes",
    "flash-attn",
    "numpy",
    "pillow",
    "pillow-heif",
    "tokenizers",
    "huggingface-hub",
    "httpx2",
    "keyring",
)

_APPLICATIONS = Path("/Applications")

_PROCESSOR_BUILD = "+cpu"
"""How PyTorch's builds for processors alone end their version."""


@dataclass(frozen=True, slots=True)
class BackendState:
    """Whether a backend can be used here.

    Attributes:
        name: As in the table.
        is_found: Whether all it needs is installed.
        why_missing: What is not, or empty.
        hint: How to get it, or empty.
        note: What is to be known of it here, or empty.
    """

    name: str
    is_found: bool
    why_missing: str
    hint: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class HubState:
    """How models would be downloaded.

    Attributes:
        address: The Hub's or the mirror's.
        proxy: The proxy's host, or empty.
        is_offline: Whether no connection is made, and by whose word: ``settings``, ``environment`` or empty.
        token: Where a token is: ``keychain``, ``environment`` or ``file``; ``none``, or empty where nobody looked.
            Never the token itself.
        cache: The folder that downloads go to.
        cache_fault: Why nothing can be kept there, or empty; only of a folder that the settings name.
    """

    address: str
    proxy: str
    is_offline: str
    token: str
    cache: str
    cache_fault: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """What the doctor found.

    Attributes:
        viewfinder: The program's version.
        program: Which of its forms it has, and where it lies.
        is_bundled: Whether it carries its own Python.
        python: Version and, where it is not the program's own, path of the interpreter.
        system: Name and version of the operating system.
        processor: Kind and number of processors.
        gpu: What a model could run on beside the processor, or empty.
        memory_bytes: The machine's memory; 0 where the system does not tell.
        free_memory_bytes: What could be used now; 0 where the system does not tell.
        model_memory: What a model may take, with the backend that ``auto`` stands for; None where no driver is asked.
        packages: Installed versions; empty text for what is not installed.
        backends: Each backend of the table.
        automatic_backend: What ``auto`` stands for here, or empty.
        demo_model: The demo model's folder, or why it cannot be used.
        hub: How models would be downloaded.
        data_dir: Where settings are kept.
        log_file: The newest log.
    """

    viewfinder: str
    program: str
    is_bundled: bool
    python: str
    system: str
    processor: str
    gpu: str
    memory_bytes: int
    free_memory_bytes: int
    model_memory: MachineMemory | None
    packages: dict[str, str]
    backends: tuple[BackendState, ...]
    automatic_backend: str
    demo_model: str
    hub: HubState
    data_dir: str
    log_file: str


def run_doctor(options: DoctorOptions, profile: Profile) -> int:
    """Prints what it finds.

    Returns:
        The exit code.
    """
    terminal = Terminal()
    findings = examine(profile)
    memory = machine_memory(runtime_of(findings.automatic_backend or AUTOMATIC))
    findings = replace(findings, model_memory=memory)
    findings = replace(findings, hub=replace(findings.hub, token=token_place(findings.hub.address) or "none"))
    text = json.dumps(asdict(findings), indent=2, ensure_ascii=False) if options.as_json else findings_text(findings)
    return DONE if terminal.answer_whole(f"{text}\n") else FAILED


def examine(profile: Profile) -> Findings:
    """Looks at the machine and the installation; imports no runtime and no Qt, and asks no keychain and no driver."""
    try:
        automatic = choose_backend(AUTOMATIC).name
    except ModelError:
        automatic = ""
    try:
        demo_model = str(find_checkpoint(DEMO_MODEL_ID).folder)
    except ModelError as error:
        demo_model = str(error)
    return Findings(
        viewfinder=__version__,
        program=program_text(),
        is_bundled=is_bundled(),
        python=platform.python_version() if is_bundled() else f"{platform.python_version()} ({sys.executable})",
        system=system_text(),
        processor=processor_text(),
        gpu=_gpu(),
        memory_bytes=memory_bytes(),
        free_memory_bytes=free_memory_bytes(),
        model_memory=None,
        packages={name: _version(name) for name in _PACKAGES},
        backends=tuple(
            BackendState(
                entry.name,
                entry.why_missing() is None,
                entry.why_missing() or "",
                entry.how_to_install(),
                _note(entry.name),
            )
            for entry in BACKENDS.values()
        ),
        automatic_backend=automatic,
        demo_model=demo_model,
        hub=_hub_state(profile),
        data_dir=str(profile.data_dir),
        log_file=str(profile.log_file),
    )


def findings_text(findings: Findings) -> str:
    """The findings for people to read."""
    memory = memory_text(findings.memory_bytes) if findings.memory_bytes else "unknown"
    if findings.free_memory_bytes:
        memory += f", {memory_text(findings.free_memory_bytes)} free"
    lines = [
        f"Viewfinder   {findings.viewfinder}",
        f"Program      {findings.program}",
        f"Python       {findings.python}",
        f"System       {findings.system}",
        f"Processor    {findings.processor}",
        f"GPU          {findings.gpu or 'none found'}",
        f"Memory       {memory}",
        *([f"For models   {_model_memory_text(findings.model_memory)}"] if findings.model_memory is not None else []),
        f"Demo model   {findings.demo_model}",
        f"Downloads    {_hub_text(findings.hub)}",
        f"Settings     {findings.data_dir}",
        f"Log          {findings.log_file}",
        "",
        "Backends",
    ]
    for backend in findings.backends:
        chosen = " (chosen by auto)" if backend.name == findings.automatic_backend else ""
        missing = "; ".join(part for part in (backend.why_missing, backend.hint) if part)
        note = f"; {backend.note}" if backend.note else ""
        state = "found" + chosen + note if backend.is_found else missing
        lines.append(f"  {backend.name:<18} {state}")
    lines += ["", "Packages"]
    absent = "not part of the app" if findings.is_bundled else "not installed"
    lines += [f"  {name:<18} {version or absent}" for name, version in findings.packages.items()]
    return "\n".join(lines)


def processor_text() -> str:
    """Kind and number of the machine's processors."""
    return f"{platform.machine()}, {os.cpu_count()} cores"


def program_text() -> str:
    """Which of its forms the program has, and where it lies."""
    if not is_bundled():
        return f"from source, {own_working_dir()}"
    path = bundle_path()
    if is_in_passing_place():
        return f"bundled, in a passing place until it is moved to Applications: {path}"
    return f"bundled{', in Applications' if path.parent == _APPLICATIONS else ''}: {path}"


def _hub_state(profile: Profile) -> HubState:
    settings = read_settings(profile.settings_file)
    access = HubAccess(settings.hub_endpoint, settings.hub_proxy)
    cache = settings.models_dir or hub_cache_dir()
    fault = None if settings.models_dir is None else place_fault(settings.models_dir)
    offline = "environment" if is_offline_by_environment() else "settings" if settings.is_offline else ""
    return HubState(access.address, proxy_of(access), offline, "", str(cache), "" if fault is None else str(fault.said))


def _hub_text(hub: HubState) -> str:
    words = {
        "keychain": "token in the keychain",
        "environment": "token from HF_TOKEN",
        "file": "token from “hf auth login”",
        "none": "no token",
    }
    offline = {"environment": "offline (HF_HUB_OFFLINE)", "settings": "offline (settings)"}
    fault = f" (but: {hub.cache_fault})" if hub.cache_fault else ""
    parts = [
        hub.address.removeprefix("https://"),
        offline.get(hub.is_offline, ""),
        f"proxy {hub.proxy}" if hub.proxy else "",
    ]
    return ", ".join(part for part in (*parts, words.get(hub.token, "")) if part) + f"; into {hub.cache}{fault}"


_WHERE = {"metal": "of Metal's working set", "cuda": "on the GPU", "ram": "of memory"}


def _model_memory_text(memory: MachineMemory) -> str:
    if not memory.usable_bytes:
        return "unknown"
    name = f" ({memory.name})" if memory.name else ""
    return f"{memory_text(memory.usable_bytes)} {_WHERE[memory.kind]}{name}"


def _note(backend_name: str) -> str:
    """What PyTorch's version says of the GPU; PyTorch itself is not imported."""
    if backend_name != "transformers":
        return ""
    if not has_nvidia_gpu():
        return "on the processor"
    if _version("torch").endswith(_PROCESSOR_BUILD):
        return "this PyTorch is built without CUDA, so the NVIDIA GPU cannot be used: " + BACKENDS[backend_name].hint
    return ""


def system_text() -> str:
    """The operating system and its version."""
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    try:
        return f"{platform.freedesktop_os_release().get('PRETTY_NAME', 'Linux')}, kernel {platform.release()}"
    except OSError:
        return f"{platform.system()} {platform.release()}"


def _gpu() -> str:
    if is_apple_silicon():
        return "Apple GPU (Metal)"
    if is_gpu_hidden():
        return "hidden by CUDA_VISIBLE_DEVICES"
    return "NVIDIA (CUDA)" if has_nvidia_gpu() else ""


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
