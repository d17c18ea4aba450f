"""The program itself as answerer: its own opening of pictures, prompts and MLX backend."""

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from clips import Clip as DrawnClip
from evaluation_cases import Case
from PIL import Image

from app.backends.mlx_backend import MlxBackend
from app.core.checkpoint import Checkpoint, read_checkpoint
from app.core.clips import Clip, ClipSource
from app.core.events import Finished, TextPiece
from app.core.footage import ClipPlan
from app.core.pictures import Picture, PictureSource, open_picture
from app.core.requests import Request, Turn
from app.core.sampling import GREEDY


def _as_opened(drawn: DrawnClip) -> Clip:
    """A drawn clip as the program holds one that it has read."""
    count, height, width, _ = drawn.frames.shape
    frames = tuple(frame.tobytes() for frame in drawn.frames)
    last_s = drawn.times_s[-1]
    plan = ClipPlan(drawn.times_s, tuple(range(count)), width, height, width, height, last_s, 1.0, count)
    return Clip.of(ClipSource("drawn.mp4"), "", plan, frames)


class ProgramAnswerer:
    """Answers through the program's backend, on the one thread that holds the model."""

    def __init__(self, folder: Path) -> None:
        self.checkpoint: Checkpoint = read_checkpoint(folder, str(folder))
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="model")
        self.backend = MlxBackend()
        self.asked = 0
        self.thread.submit(lambda: list(self.backend.load(self.checkpoint, lambda: False))).result()

    def close(self) -> None:
        """Frees the model on its own thread and ends the thread."""
        self.thread.submit(self.backend.close).result()
        self.thread.shutdown()

    def answer(self, case: Case) -> list[str]:
        """One answer per turn.

        Raises:
            RuntimeError: The program could not answer.
        """
        turns: list[Turn] = []
        for turn in case.turns:
            media: tuple[Picture | Clip, ...] = tuple(self._open(picture) for picture in turn.pictures)
            if turn.clip is not None:
                media = (*media, _as_opened(turn.clip))
            asked = (*turns, Turn(turn.question, media))
            said = self.thread.submit(self._generate, asked, case.system or "").result()
            turns.append(Turn(turn.question, media, said))
        return [turn.answer for turn in turns]

    def _open(self, picture: Image.Image) -> Picture:
        encoded = io.BytesIO()
        picture.save(encoded, "PNG")
        return open_picture(PictureSource("drawn.png", data=encoded.getvalue()), self.checkpoint.image_limits)

    def _generate(self, turns: tuple[Turn, ...], system: str) -> str:
        self.asked += 1
        request = Request(str(self.asked), turns, GREEDY, system)
        said = ""
        for event in self.backend.generate([request], lambda _: False):
            if isinstance(event, TextPiece):
                said += event.text
            elif isinstance(event, Finished) and event.outcome not in ("done", "length"):
                message = f"{event.outcome}: {event.error}"
                raise RuntimeError(message)
        return said
