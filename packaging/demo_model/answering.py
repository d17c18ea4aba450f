"""Who answers the evaluation's questions: the program itself, or transformers for comparison.

Only one of the two runtimes is ever imported into a process.
"""

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from conversations import IMAGE_PAD, VIDEO_PAD, Script
from demo_tokenizer import load_tokenizer
from evaluation_cases import Case, CaseTurn, seen_pixels
from numpy.typing import NDArray

from app.core.vision import group_times, patches_from_frames, time_text

MAX_TOKENS = 220


class Answerer(Protocol):
    """Answers the turns of a case one after the other, each with what was said before it."""

    def answer(self, case: Case) -> list[str]:
        """One answer per turn."""

    def close(self) -> None:
        """Frees the model."""


class TransformersAnswerer:
    """The checkpoint in transformers, greedy, float32."""

    def __init__(self, folder: Path) -> None:
        import torch
        from transformers import Qwen3VLForConditionalGeneration

        torch.set_num_threads(1)
        self.torch = torch
        self.model = Qwen3VLForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval()
        self.tokenizer = load_tokenizer(folder)

    def close(self) -> None:
        """Nothing is held outside the process."""

    def answer(self, case: Case) -> list[str]:
        """One answer per turn."""
        script = Script(self.tokenizer)
        if case.system:
            script.system(case.system)
        images: list[tuple[NDArray[np.float32], tuple[int, int, int]]] = []
        videos: list[tuple[NDArray[np.float32], tuple[int, int, int]]] = []
        answers = []
        shown = 0
        for turn in case.turns:
            script.say("<|im_start|>user\n")
            shown = self._show(script, turn, shown, images, videos)
            script.say(f"{turn.question}<|im_end|>\n<|im_start|>assistant\n")
            said = self._generate(script.ids, images, videos)
            script.say(f"{said}<|im_end|>\n")
            answers.append(said)
        return answers

    def _show(self, script: Script, turn: CaseTurn, shown: int, images: list[Any], videos: list[Any]) -> int:
        for picture in turn.pictures:
            patches, grid = patches_from_frames(seen_pixels(picture))
            images.append((patches, grid))
            shown += 1
            if len(turn.pictures) > 1 or shown > 1:
                script.say(f"Image {shown}: ")
            script.show((grid[1] // 2, grid[2] // 2), IMAGE_PAD)
        if turn.clip is not None:
            patches, grid = patches_from_frames(turn.clip.frames)
            videos.append((patches, grid))
            for time_s in group_times(turn.clip.times_s):
                script.say(time_text(time_s))
                script.show((grid[1] // 2, grid[2] // 2), VIDEO_PAD)
        return shown

    def _generate(self, ids: list[int], images: list[Any], videos: list[Any]) -> str:
        torch = self.torch
        pads = {self.tokenizer.token_to_id(IMAGE_PAD): 1, self.tokenizer.token_to_id(VIDEO_PAD): 2}
        inputs: dict[str, Any] = {
            "input_ids": torch.tensor([ids]),
            "mm_token_type_ids": torch.tensor([[pads.get(token, 0) for token in ids]]),
        }
        for name, grid_name, media in (
            ("pixel_values", "image_grid_thw", images),
            ("pixel_values_videos", "video_grid_thw", videos),
        ):
            if media:
                inputs[name] = torch.from_numpy(np.concatenate([patches for patches, _ in media]))
                inputs[grid_name] = torch.tensor([grid for _, grid in media])
        with torch.no_grad():
            out = self.model.generate(**inputs, max_new_tokens=MAX_TOKENS, do_sample=False)
        text: str = self.tokenizer.decode(out[0, len(ids) :].tolist(), skip_special_tokens=True)
        return text


def make_answerer(runtime: str, folder: Path) -> Answerer:
    """The answerer of this name for a model folder."""
    if runtime == "transformers":
        return TransformersAnswerer(folder)
    from program_answering import ProgramAnswerer

    return ProgramAnswerer(folder)
