"""``viewfinder models recommend`` and ``list --all``: what can be downloaded, and how it goes with this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.cli.figures import memory_text, size_text
from app.cli.model_forms import document, installed_value, table, unfinished_values
from app.cli.usage import DONE, FAILED
from app.core.machine import machine_memory, runtime_of
from app.core.model_types import RUNTIMES
from app.core.models.catalogue import read_catalogue
from app.core.models.checkpoint_fit import fit_of_installed
from app.core.models.fit import mark, need_of, recommended

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.cli.model_arguments import ModelsOptions
    from app.cli.terminal import Terminal
    from app.core.machine import MachineMemory
    from app.core.model_types import Runtime
    from app.core.models.catalogue import Catalogue, CatalogueModel
    from app.core.models.fit import Fit, FitMark
    from app.core.models.hub_cache import UnfinishedDownload
    from app.core.models.library import InstalledModel
    from app.core.paths import Profile
    from app.core.settings import Settings

_GB = 10**9
_MARKS: dict[FitMark, str] = {"fits": "fits", "tight": "tight", "too_large": "too large"}


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be downloaded, seen from this machine.

    Attributes:
        catalogue: All models, and what is wrong with the person's own file.
        memories: What the machine gives to models of each runtime.
        runtime: The one that is used here.
        installed_ids: The repositories that are here already.
        settings: What was chosen for them.
    """

    catalogue: Catalogue
    memories: dict[Runtime, MachineMemory]
    runtime: Runtime
    installed_ids: frozenset[str]
    settings: Settings

    @property
    def recommended(self) -> CatalogueModel | None:
        """The model that suits this machine best."""
        return recommended(self.catalogue, self.memories[self.runtime])

    def need_bytes(self, model: CatalogueModel) -> int:
        """What a model takes here."""
        return need_of(model, self.memories[model.runtime]).total_bytes

    def mark(self, model: CatalogueModel) -> FitMark:
        """Whether that is there."""
        memory = self.memories[model.runtime]
        return mark(need_of(model, memory), memory)

    def fit_of(self, model: InstalledModel) -> Fit | None:
        """How a model that is here goes with the machine; None where that cannot be told."""
        runtime = self.runtime if self.runtime in model.runtimes else model.runtimes[0]
        return fit_of_installed(model, self.settings.of(model.model_id), self.memories[runtime])


def offer_here(
    options: ModelsOptions, settings: Settings, profile: Profile, installed: Sequence[InstalledModel]
) -> Offer:
    """What can be downloaded, for the backend that was named or else that of the settings.

    Raises:
        UserError: The program's own catalogue cannot be read.
    """
    runtime = runtime_of(options.backend or settings.backend)
    return Offer(
        read_catalogue(profile.catalogue_file, profile.told_sizes_file),
        {each: machine_memory(each) for each in RUNTIMES},
        runtime,
        frozenset(model.model_id.casefold() for model in installed),
        settings,
    )


def list_all(
    installed: Sequence[InstalledModel], unfinished: Sequence[UnfinishedDownload], offer: Offer, kept_in: str
) -> str:
    """What is here and what can be downloaded, as JSON."""
    values = []
    for model in installed:
        fit = offer.fit_of(model)
        memory_bytes = None if fit is None else fit.need.total_bytes
        values.append({**installed_value(model), "memory_bytes": memory_bytes, "fit": fit.mark if fit else None})
    offered = [_value(model, offer) for model in offer.catalogue.models]
    return document(installed=values, unfinished=unfinished_values(unfinished), kept_in=kept_in, catalogue=offered)


def offered_lines(offer: Offer) -> list[str]:
    """What can be downloaded as a table."""
    best = offer.recommended
    rows = [["", "MODEL", "DOWNLOAD", "MEMORY", "", "BACKEND", "GOOD AT"]]
    rows += [
        [
            ">" if best is not None and model.model_id == best.model_id else "+" if _is_here(model, offer) else "",
            model.model_id,
            download_text(model),
            memory_text(offer.need_bytes(model)),
            _MARKS[offer.mark(model)],
            model.runtime,
            model.good_at,
        ]
        for model in offer.catalogue.models
    ]
    return ["", *table(rows), "", "> recommended here, + here already"]


def recommend_model(options: ModelsOptions, offer: Offer, terminal: Terminal) -> int:
    """Prints the model that suits this machine best, and why.

    Returns:
        The exit code.
    """
    for fault in offer.catalogue.faults:
        terminal.error(fault)
    best, reason = offer.recommended, reason_text(offer)
    if options.as_json:
        text = document(recommended=None if best is None else _value(best, offer), reason=reason)
    else:
        text = f"{reason}\n" if best is None else f"{best.model_id}\n{reason}\n"
    if not terminal.answer_whole(text):
        return FAILED
    if best is not None and not options.as_json:
        is_here = _is_here(best, offer)
        terminal.note(
            "It is here already." if is_here else f"Get it with “viewfinder models download {best.model_id}”."
        )
    return DONE


def reason_text(offer: Offer) -> str:
    """Why a model is recommended, or why none is, in one sentence."""
    best, memory = offer.recommended, offer.memories[offer.runtime]
    where = memory.name or "this machine"
    if best is None:
        return (
            f"No model of the catalogue fits into the {memory_text(memory.usable_bytes)} that {where} can give to one; "
            "the demo model does."
        )
    need = memory_text(offer.need_bytes(best))
    if not memory.usable_bytes:
        return f"“{best.name}” needs about {need} of memory; this system does not tell how much there is."
    if offer.mark(best) == "tight":
        return (
            f"“{best.name}” is the only kind that just fits: it needs about {need} of the "
            f"{memory_text(memory.usable_bytes)} that {where} can give to a model."
        )
    quick = " and is quick enough on a processor" if memory.kind == "ram" else ""
    return (
        f"“{best.name}” is the best that fits well{quick}: it needs about {need} of the "
        f"{memory_text(memory.usable_bytes)} that {where} can give to a model."
    )


def download_text(model: CatalogueModel) -> str:
    """How much is downloaded; an estimate says so."""
    if model.is_size_measured:
        return size_text(model.download_bytes)
    gigabytes = model.download_bytes / _GB
    return f"about {gigabytes:.0f} GB" if gigabytes >= 1 else f"about {gigabytes:.1f} GB"


def _is_here(model: CatalogueModel, offer: Offer) -> bool:
    return model.model_id.casefold() in offer.installed_ids


def _value(model: CatalogueModel, offer: Offer) -> dict[str, Any]:
    return {
        "id": model.model_id,
        "name": model.name,
        "backend": model.runtime,
        "good_at": str(model.good_at),
        "download_bytes": model.download_bytes,
        "is_size_measured": model.is_size_measured,
        "memory_bytes": offer.need_bytes(model),
        "fit": offer.mark(model),
        "is_installed": _is_here(model, offer),
    }
