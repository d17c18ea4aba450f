"""From a conversation to token ids: the checkpoint's chat template and tokenizer, pictures expanded, positions laid.

The same for every backend. Letters used for shapes: L tokens.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from app.core.errors import ModelError, Sentence, UserError
from app.core.pictures import Picture
from app.core.vision import FRAMES_PER_PATCH, MERGE, PATCH_PX, time_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from app.core.checkpoint import Checkpoint
    from app.core.clips import Clip
    from app.core.requests import Medium, Request, Turn

_VISION_START, _VISION_END = "<|vision_start|>", "<|vision_end|>"
_TEMPLATE_FILES = ("chat_template.jinja", "chat_template.json", "tokenizer_config.json")


@dataclass(frozen=True, slots=True)
class MediaSpan:
    """Where a picture, or two frames of a clip, stand in a prompt.

    Attributes:
        start: Index of its first token.
        grid: (1, h / 16, w / 16) in patches.
        medium: The picture or the clip.
        group: Which two frames of the clip, from 0.
    """

    start: int
    grid: tuple[int, int, int]
    medium: Medium
    group: int = 0

    @property
    def digest(self) -> str:
        """What it shows: equal digests are equal pixels."""
        return self.medium.digest if isinstance(self.medium, Picture) else self.medium.group_digests[self.group]

    @property
    def frames(self) -> NDArray[np.uint8]:
        """(T, h, w, 3): one frame of a picture, two of a clip."""
        medium = self.medium
        if isinstance(medium, Picture):
            data = medium.rgb
        else:
            data = b"".join(medium.frames[FRAMES_PER_PATCH * self.group : FRAMES_PER_PATCH * (self.group + 1)])
        return np.frombuffer(data, dtype=np.uint8).reshape(-1, medium.height_px, medium.width_px, 3)

    @property
    def tokens(self) -> int:
        """How many tokens it takes."""
        groups, rows, columns = self.grid
        return groups * (rows // MERGE) * (columns // MERGE)

    @property
    def end(self) -> int:
        """Index after its last token."""
        return self.start + self.tokens


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt ready for a model.

    Attributes:
        token_ids: (L,).
        positions: (3, L), M-RoPE positions: time, height, width.
        media: Its pictures and groups of frames, in order.
        answer_start: Index of the token from which on the answer is opened: the next question's prompt, which has an
            answer there, may differ from here.
    """

    token_ids: NDArray[np.int32]
    positions: NDArray[np.int32]
    media: tuple[MediaSpan, ...]
    answer_start: int

    @property
    def length(self) -> int:
        """L."""
        return int(self.token_ids.shape[0])

    @property
    def next_position(self) -> int:
        """The position, in all three rows, of the first token after the prompt."""
        return int(self.positions.max()) + 1


def common_prefix(held_ids: Sequence[int], held_media: Sequence[MediaSpan], prompt: Prompt) -> int:
    """How many leading tokens of a prompt a KV cache already holds for the very same words and pictures.

    Pictures are compared by content: two pictures of one size have the same token ids. A picture counts whole or not
    at all.

    Args:
        held_ids: Token ids in the cache.
        held_media: Pictures in the cache.
        prompt: What is to be answered now.
    """
    count = min(len(held_ids), prompt.length)
    differs = np.asarray(held_ids[:count], dtype=np.int32) != prompt.token_ids[:count]
    same = int(differs.argmax()) if differs.any() else count
    held = {span.start: span for span in held_media}
    for span in prompt.media:
        if span.start >= same:
            break
        known = held.get(span.start)
        if known is None or known.digest != span.digest or same < span.end:
            return span.start
    return same


def mrope_positions(token_count: int, media: Sequence[MediaSpan]) -> NDArray[np.int32]:
    """Positions of text and pictures on the three axes of interleaved M-RoPE, (3, L).

    Text advances on all three together; a picture keeps one time and spreads over height and width; what follows
    starts after its longer side.

    Source: transformers 5.23 ``Qwen3VLModel.get_rope_index``.
    """
    positions = np.empty((3, token_count), dtype=np.int32)
    next_position = index = 0
    for span in media:
        text = span.start - index
        positions[:, index : span.start] = np.arange(next_position, next_position + text)
        next_position += text
        groups, rows, columns = span.grid[0], span.grid[1] // MERGE, span.grid[2] // MERGE
        spread = np.indices((groups, rows, columns), dtype=np.int32).reshape(3, -1)
        positions[:, span.start : span.end] = spread + next_position
        next_position += max(groups, rows, columns)
        index = span.end
    positions[:, index:] = np.arange(next_position, next_position + token_count - index)
    return positions


class ChatFormat:
    """A checkpoint's tokenizer and chat template.

    Raises:
        ModelError: Its files are missing or damaged.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        from tokenizers import Tokenizer

        self._checkpoint = checkpoint
        path = checkpoint.folder / "tokenizer.json"
        if not checkpoint.folder.is_dir():
            raise ModelError(
                Sentence("The model {name} is no longer on this machine.", name=checkpoint.name),
                "Choose another one, or download it again.",
                str(checkpoint.folder),
            )
        if not path.is_file():
            raise ModelError(
                Sentence("The model {name} has no tokenizer.json.", name=checkpoint.name), "Download it again."
            )
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises bare Exception
            raise ModelError(
                Sentence("The tokenizer of {name} is damaged.", name=checkpoint.name), "Download it again.", str(error)
            ) from error
        self._template = _compiled_template(checkpoint)
        self._special_texts = [
            token.content for token in self._tokenizer.get_added_tokens_decoder().values() if token.special
        ]

    def encode(self, request: Request) -> Prompt:
        """The prompt of a request, ending where the answer begins.

        Raises:
            UserError: It is longer than the model's context.
            ModelError: The chat template fails or does not place the pictures.
        """
        shown = [medium for turn in request.turns for medium in turn.media]
        rendered, closed = self.render(request), self.render(request, opens_answer=False)
        opening = rendered[len(closed) :] if rendered.startswith(closed) else ""
        text = self._with_times(rendered, [medium for medium in shown if not isinstance(medium, Picture)])
        plain_ids = self._tokenizer.encode(text, add_special_tokens=False).ids
        wanted = list(self._blocks(shown))
        pads = {self._checkpoint.image_token_id, self._checkpoint.video_token_id}
        if [token_id for token_id in plain_ids if token_id in pads] != [token_id for token_id, _, _ in wanted]:
            raise ModelError(
                Sentence("The chat template of {name} does not place pictures.", name=self._checkpoint.name)
            )
        token_ids: list[int] = []
        media: list[MediaSpan] = []
        for token_id in plain_ids:
            if token_id in pads:
                _, medium, group = wanted[len(media)]
                grid = (1, medium.height_px // PATCH_PX, medium.width_px // PATCH_PX)
                media.append(MediaSpan(len(token_ids), grid, medium, group))
                token_ids.extend([token_id] * media[-1].tokens)
            else:
                token_ids.append(token_id)
        if len(token_ids) >= self._checkpoint.context_tokens:
            raise UserError(
                Sentence(
                    "This conversation has {tokens} tokens; {name} can take {most}.",
                    tokens=f"{len(token_ids):,}",
                    name=self._checkpoint.name,
                    most=f"{self._checkpoint.context_tokens:,}",
                ),
                "Lower the tokens per picture or video, show fewer of them, or begin a new conversation.",
            )
        return Prompt(
            np.array(token_ids, dtype=np.int32),
            mrope_positions(len(token_ids), media),
            tuple(media),
            len(token_ids) - len(self._tokenizer.encode(opening, add_special_tokens=False).ids),
        )

    def _blocks(self, shown: Sequence[Medium]) -> Iterator[tuple[int, Medium, int]]:
        """Every picture and group of frames in order: what stands for its tokens, what it is, and which group."""
        for medium in shown:
            if isinstance(medium, Picture):
                yield self._checkpoint.image_token_id, medium, 0
            else:
                for group in range(len(medium.group_digests)):
                    yield self._checkpoint.video_token_id, medium, group

    def _with_times(self, text: str, clips: Sequence[Clip]) -> str:
        """A rendered conversation with each clip's block written as one block per group, its time before it.

        The block that the template wrote is replaced whole, as the makers first published it and as mlx-vlm 0.7.10 and
        vLLM do; transformers 5.12 and later leave its outer start and end standing around all groups.
        """
        if not clips:
            return text
        video = self._tokenizer.id_to_token(self._checkpoint.video_token_id)
        parts = text.split(f"{_VISION_START}{video}{_VISION_END}")
        if len(parts) != len(clips) + 1:
            raise ModelError(
                Sentence("The chat template of {name} does not place videos.", name=self._checkpoint.name),
                "Ask about pictures alone, or choose another model.",
            )
        pieces = [parts[0]]
        for clip, after in zip(clips, parts[1:], strict=True):
            times_s = clip.plan.group_times_s
            pieces += [f"{time_text(time_s)}{_VISION_START}{video}{_VISION_END}" for time_s in times_s]
            pieces.append(after)
        return "".join(pieces)

    def render(self, request: Request, *, opens_answer: bool = True) -> str:
        """The conversation as the checkpoint's chat template writes it, one placeholder per picture or clip.

        Models that can think or not, as they are told, answer at once; Thinking models' templates do not ask.

        Args:
            request: The conversation.
            opens_answer: Whether what opens the answer stands at its end.

        Raises:
            ModelError: The template fails.
        """
        from jinja2 import TemplateError

        try:
            return str(
                self._template.render(
                    messages=self._messages(request), add_generation_prompt=opens_answer, enable_thinking=False
                )
            )
        except TemplateError as error:
            raise ModelError(
                Sentence("The chat template of {name} does not work.", name=self._checkpoint.name),
                "Download the model again.",
                str(error),
            ) from error

    def text_stream(self) -> Callable[[int], str]:
        """A new function from the next token id to the text it completes, never half a character."""
        from tokenizers.decoders import DecodeStream

        stream = DecodeStream(skip_special_tokens=True)
        tokenizer = self._tokenizer

        def text_of(token_id: int) -> str:
            return stream.step(tokenizer, token_id) or ""

        return text_of

    def _messages(self, request: Request) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        if request.system:
            messages.append({"role": "system", "content": self._plain(request.system)})
        shown: list[Medium] = []
        for turn in request.turns:
            messages.append({"role": "user", "content": self._user_content(turn, shown)})
            shown += turn.media
            if turn is not request.turns[-1]:
                messages.append({"role": "assistant", "content": self._plain(turn.answer)})
        return messages

    def _user_content(self, turn: Turn, shown: Sequence[Medium]) -> list[dict[str, str]]:
        """The pictures and clips, labelled unless one stands alone in the conversation so far, then the words."""
        content = []
        is_labelled = len(shown) + len(turn.media) > 1
        numbers = Counter(type(medium) for medium in shown)
        for medium in turn.media:
            numbers[type(medium)] += 1
            is_picture = isinstance(medium, Picture)
            if is_labelled:
                label = "Image" if is_picture else "Video"
                content.append({"type": "text", "text": f"{label} {numbers[type(medium)]}: "})
            content.append({"type": "image" if is_picture else "video"})
        content.append({"type": "text", "text": self._plain(turn.question)})
        return content

    def _plain(self, text: str) -> str:
        """A text in which special tokens, should a person write one, are only words."""
        text = text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair is no character
        for special in self._special_texts:
            text = text.replace(special, f"{special[0]} {special[1:]}")
        return text


def _compiled_template(checkpoint: Checkpoint) -> Any:
    """The chat template, compiled in a sandbox as transformers does: it came with the model, so it is not trusted."""
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )

    def raise_exception(message: str) -> None:
        raise TemplateError(message)

    environment.globals["raise_exception"] = raise_exception
    environment.filters["tojson"] = lambda value, indent=None: json.dumps(value, ensure_ascii=False, indent=indent)
    try:
        return environment.from_string(_template_text(checkpoint))
    except (TemplateError, OSError, ValueError) as error:
        raise ModelError(
            Sentence("The chat template of {name} cannot be read.", name=checkpoint.name),
            "Download the model again.",
            str(error),
        ) from error


def _template_text(checkpoint: Checkpoint) -> str:
    for name in _TEMPLATE_FILES:
        path = checkpoint.folder / name
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".jinja":
            return text
        template = json.loads(text).get("chat_template")
        if isinstance(template, str):
            return template
    raise ModelError(
        Sentence("The model {name} has no chat template.", name=checkpoint.name),
        "Choose an Instruct or Thinking model.",
    )
