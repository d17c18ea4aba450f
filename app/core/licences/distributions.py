"""The distributions that lie in a folder, from their dist-info: what they are, need, and are licensed under."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import Distribution
from typing import TYPE_CHECKING, Any

from app.core.checked_values import read_toml
from app.core.licences.tables import normalised
from app.core.paths import LICENCES_DIR, RESOURCES_DIR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

_OWN_NAME = "viewfinder"
_PROJECT_FILE = RESOURCES_DIR.parent / "pyproject.toml"
_OWN_EXTRAS = frozenset({"mlx", "cuda", "cpu"})
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[([^\]]*)\])?[^;]*(?:;(.*))?", re.DOTALL)
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")
_LICENCE_FILE = re.compile(r"(?:licen[cs]e|copying|notice|copyright|authors)", re.IGNORECASE)
_NO_TEXT = frozenset({".py", ".pyc", ".json", ".toml"})
_HOMES = ("homepage", "home", "source", "sourcecode", "repository", "code", "github", "documentation")


@dataclass(frozen=True, slots=True)
class Crate:
    """A piece that a distribution's own bill of materials names, such as a Rust crate compiled into it."""

    name: str
    version: str
    licence: str
    purl: str


class InstalledDistribution:
    """One distribution, read from its dist-info when asked.

    Args:
        folder: The dist-info folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._metadata = Distribution.at(folder).metadata
        self.name = self._field("Name") or folder.name.partition("-")[0]
        self.version = self._field("Version")

    def _fields(self, name: str) -> list[str]:
        return [str(value) for value in self._metadata.get_all(name) or ()]

    def _field(self, name: str) -> str:
        return next(iter(self._fields(name)), "").strip()

    @property
    def key(self) -> str:
        """The name as it is compared."""
        return normalised(self.name)

    @cached_property
    def licence(self) -> str:
        """An SPDX expression, or nothing where it says none that is known."""
        table = _table()
        if self.key in table["named"]:
            return str(table["named"][self.key])
        if expression := self._field("License-Expression"):
            return expression
        spellings = table["spellings"]
        short = self._field("License")
        if short in spellings:
            return str(spellings[short])
        if is_expression(short):
            return short
        classifiers = [line.rpartition("::")[2].strip() for line in self._fields("Classifier")]
        return next((str(spellings[line]) for line in classifiers if line in spellings), "")

    @property
    def copyright(self) -> str:
        """Whose it is, where no text of its own says it."""
        return str(_table()["copyrights"].get(self.key, ""))

    @cached_property
    def texts(self) -> tuple[Path, ...]:
        """Its licence files."""
        return tuple(file for file in sorted(self.folder.rglob("*")) if _is_licence_file(file, self.folder))

    @cached_property
    def home(self) -> str:
        """Its address on the web, or nothing."""
        by_label: dict[str, str] = {}
        for line in self._fields("Project-URL"):
            label, _, address = line.partition(",")
            by_label[re.sub(r"[^a-z]", "", label.lower())] = address.strip()
        found = (by_label[label] for label in _HOMES if label in by_label)
        return next(found, self._field("Home-page") or next(iter(by_label.values()), ""))

    @cached_property
    def requirements(self) -> tuple[tuple[str, frozenset[str], frozenset[str]], ...]:
        """What it needs: normalised name, extras of it, and for which of its own extras (none: always)."""
        return tuple(_requirement(line) for line in self._fields("Requires-Dist"))

    @cached_property
    def listed(self) -> tuple[Crate, ...]:
        """What the bills of materials in its wheel name, but what served only to build it."""
        return tuple(crate for file in sorted(self.folder.glob("sboms/*.json")) for crate in _listed(file, self.key))

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Paths of its files from the folder that the dist-info is in; empty where nobody kept the list."""
        try:
            record = (self.folder / "RECORD").read_text(encoding="utf-8")
        except OSError:
            return ()
        return tuple(line.rsplit(",", 2)[0].strip('"') for line in record.splitlines())


def distributions_in(folders: Iterable[Path]) -> dict[str, InstalledDistribution]:
    """Those in the folders by their normalised names; of two with one name the first, as Python imports it."""
    found: dict[str, InstalledDistribution] = {}
    for folder in folders:
        for info in sorted(folder.glob("*.dist-info")):
            if (info / "METADATA").is_file():
                distribution = InstalledDistribution(info)
                found.setdefault(distribution.key, distribution)
    return found


def without_others(found: Mapping[str, InstalledDistribution]) -> dict[str, InstalledDistribution]:
    """Of an environment's distributions those that the program needs, directly or not; tools for tests are others.

    All of them where nothing says what the program needs.
    """
    if _OWN_NAME not in found and not _PROJECT_FILE.is_file():
        return dict(found)
    waiting: list[tuple[str, frozenset[str]]] = [*_own_requirements(found)]
    extras: dict[str, frozenset[str]] = {}
    while waiting:
        name, wanted = waiting.pop()
        known = extras.get(name)
        if name not in found or (known is not None and wanted <= known):
            continue
        extras[name] = wanted | (known or frozenset())
        waiting += _needed(found[name].requirements, extras[name])
    return {name: distribution for name, distribution in found.items() if name in extras and name != _OWN_NAME}


def is_expression(text: str) -> bool:
    """Whether it is an SPDX expression of licences whose texts are known here."""
    names = names_in(text)
    words = re.sub(r"\b(?:AND|OR|WITH)\b|[()]", " ", text).split()
    return bool(names) and all(has_standard_text(word) for word in words)


def names_in(expression: str) -> tuple[str, ...]:
    """The licences and exceptions that an SPDX expression names, each once."""
    words = re.findall(r"[\w.+*-]+", expression)
    return tuple(dict.fromkeys(word for word in words if word not in {"AND", "OR", "WITH"}))


def standard_text(name: str) -> Path:
    """The file of a licence's text; with or without “or later” the text is the same."""
    plain = re.sub(r"(?:-or-later|-only|\+)$", "", name)
    return LICENCES_DIR / "texts" / f"{plain}.txt"


def has_standard_text(name: str) -> bool:
    """Whether a licence's text is among the resources."""
    return standard_text(name).is_file()


def _is_licence_file(file: Path, folder: Path) -> bool:
    if file.suffix in _NO_TEXT or "__pycache__" in file.parts or not file.is_file():
        return False
    inner = file.relative_to(folder).parts
    return inner[0] in {"licenses", "license_files"} or (len(inner) == 1 and bool(_LICENCE_FILE.match(file.name)))


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = read_toml(LICENCES_DIR / "distributions.toml")
    return table


def _own_requirements(found: Mapping[str, InstalledDistribution]) -> Iterator[tuple[str, frozenset[str]]]:
    if _OWN_NAME in found:
        yield from _needed(found[_OWN_NAME].requirements, _OWN_EXTRAS)
        return
    project = read_toml(_PROJECT_FILE)["project"]
    lines = list(project["dependencies"])
    lines += [line for extra in _OWN_EXTRAS for line in project["optional-dependencies"][extra]]
    yield from _needed([_requirement(line) for line in lines], _OWN_EXTRAS)


def _requirement(line: str) -> tuple[str, frozenset[str], frozenset[str]]:
    match = _REQUIREMENT.match(line)
    if match is None:
        return "", frozenset(), frozenset()
    name, extras, marker = match.groups()
    asked = frozenset(extra.strip().lower() for extra in (extras or "").split(",") if extra.strip())
    return normalised(name), asked, frozenset(_EXTRA.findall(marker or ""))


def _needed(
    requirements: Sequence[tuple[str, frozenset[str], frozenset[str]]], extras: frozenset[str]
) -> list[tuple[str, frozenset[str]]]:
    return [(name, asked) for name, asked, for_extras in requirements if not for_extras or for_extras & extras]


def _listed(file: Path, own_key: str) -> Iterator[Crate]:
    try:
        bill = json.loads(file.read_text(encoding="utf-8"))
        components = bill["components"]
    except (OSError, ValueError, KeyError):
        return
    for component in components:
        name, purl = component.get("name", ""), component.get("purl", "")
        if component.get("scope") == "excluded" or "#c-ext" in purl or normalised(name) == own_key:
            continue
        licences = [_licence_of(entry) for entry in component.get("licenses", ())]
        purl = re.sub(r"\?.*", "", purl) if purl.startswith("pkg:cargo/") else purl
        yield Crate(name, component.get("version", ""), " AND ".join(filter(None, licences)), purl)


def _licence_of(entry: Mapping[str, Any]) -> str:
    licence = entry.get("license", {})
    text = entry.get("expression") or licence.get("id") or licence.get("name") or ""
    return " ".join(str(text).split())
