"""Answering several requests together on a loaded model: what each has read, said and left behind.

Letters used for shapes: B rows, D width, V vocabulary.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.backends.torch_cache import KvRows
from app.backends.torch_decoder import StopWantedError
from app.backends.torch_memory import memory_of_gpus, out_of_memory
from app.backends.torch_token_drawer import TokenDrawer
from app.core.backend import Memory
from app.core.errors import AppError, describe_error
from app.core.events import Figures, Finished, PrefillProgress, TextPiece, VisionProgress
from app.core.prompt import common_prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from app.backends.torch_decoder import Decoder
    from app.core.backend import StopCheck
    from app.core.checkpoint import Checkpoint
    from app.core.errors import ErrorText
    from app.core.events import GenerateEvent, Outcome
    from app.core.prompt import ChatFormat, MediaSpan, Prompt
    from app.core.requests import Request

logger = logging.getLogger(__name__)

MOST_ROWS = 16
"""Requests answered at a time; a GPU hardly takes longer for them than for one."""
_ROOM_TOKENS = 1_024
"""Room that a row has for its answer before the cache must grow."""
_FEATURE_BYTES = 512 << 20
"""The most that is kept of what the vision tower said about earlier pictures."""
_SHARE_OF_FREE = 0.7
"""How much of the free memory the cache of a batch may take: the prompts' own numbers need the rest."""


@dataclass(slots=True)
class _Held:
    """A row of a cache and what it holds: token ids, at least as many as the row has, and pictures among them."""

    cache: KvRows
    row: int
    token_ids: list[int]
    media: tuple[MediaSpan, ...]

    def shared_with(self, prompt: Prompt) -> int:
        """How many tokens of a prompt need not be read again; at least one is left to read."""
        known = self.token_ids[: self.cache.lengths[self.row]]
        return min(common_prefix(known, self.media, prompt), prompt.length - 1)


@dataclass(slots=True)
class _Run:
    """One answer under way.

    Attributes:
        request: What is asked.
        prompt: The same in tokens.
        limit: The most tokens the answer may have.
        text_of: From the next token to the text it completes.
        is_stopped: Whether it shall stop.
        began: When, by time.perf_counter.
        fed: Every token id that its row of the cache was given.
        has_ended: Whether its Finished was said.
    """

    request: Request
    prompt: Prompt
    limit: int
    text_of: Callable[[int], str]
    is_stopped: Callable[[], bool]
    began: float
    fed: list[int] = field(default_factory=list)
    reused_tokens: int = 0
    answer_tokens: int = 0
    first_token_at: float = 0.0
    has_ended: bool = False

    @property
    def room(self) -> int:
        """Slots to begin with."""
        return self.prompt.length + min(self.limit, _ROOM_TOKENS)

    def count_token(self) -> None:
        self.answer_tokens += 1
        if self.answer_tokens == 1:
            self.first_token_at = time.perf_counter()

    def finished(self, outcome: Outcome, peak_memory_bytes: int, error: ErrorText | None = None) -> Finished:
        self.has_ended = True
        now = time.perf_counter()
        decoding_s = now - self.first_token_at
        figures = Figures(
            prompt_tokens=self.prompt.length,
            reused_tokens=self.reused_tokens,
            answer_tokens=self.answer_tokens,
            time_to_first_token_s=self.first_token_at - self.began if self.answer_tokens else 0.0,
            total_s=now - self.began,
            tokens_per_s=(self.answer_tokens - 1) / decoding_s if self.answer_tokens > 1 and decoding_s > 0 else 0.0,
            peak_memory_bytes=peak_memory_bytes,
        )
        return Finished(self.request.request_id, outcome, figures, error)


class Answering:
    """A model in memory, the KV cache of the last conversation, and what the vision tower said about pictures.

    Thread: model.
    """

    def __init__(self, torch: Any, checkpoint: Checkpoint, chat: ChatFormat, decoder: Decoder) -> None:
        self._torch = torch
        self._checkpoint = checkpoint
        self._chat = chat
        self._decoder = decoder
        self._held: _Held | None = None
        self._features: OrderedDict[str, list[Any]] = OrderedDict()
        self._batch: KvRows | None = None
        self._peak_bytes = 0

    def forget(self) -> None:
        """Drops all that earlier answers left behind."""
        self._held = None
        self._features.clear()

    def memory(self) -> Memory:
        """What PyTorch holds on all GPUs; on a processor, where it does not count, the weights, cache and features."""
        if self._decoder.device.type == "cuda":
            return memory_of_gpus(self._torch)
        caches = [cache for cache in (self._batch, self._held.cache if self._held else None) if cache is not None]
        active = self._decoder.weight_bytes + sum(cache.size_bytes for cache in caches)
        active += sum(_size_bytes(layers) for layers in self._features.values())
        self._peak_bytes = max(self._peak_bytes, active)
        return Memory(active, self._peak_bytes)

    def answer(self, requests: Sequence[Request], stop: StopCheck) -> Iterator[GenerateEvent]:
        """Every event of the requests; each ends in one Finished whatever happens.

        Args:
            requests: What is asked.
            stop: Tells whether the request of an id shall stop.
        """
        self._reset_peak()
        began = time.perf_counter()
        runs = []
        for request in requests:
            try:
                prompt = self._chat.encode(request)
            except Exception as fault:  # noqa: BLE001 - job boundary
                yield Finished(request.request_id, "failed", Figures(), self._told(fault, request))
                continue
            limit = min(request.sampling.max_tokens, self._checkpoint.context_tokens - prompt.length)

            def is_stopped(request_id: str = request.request_id) -> bool:
                return stop(request_id)

            runs.append(_Run(request, prompt, limit, self._chat.text_stream(), is_stopped, began))
        while runs:
            count = self._rows_that_fit(runs)
            yield from self._answer_together(runs[:count])
            del runs[:count]

    def _answer_together(self, runs: Sequence[_Run]) -> Iterator[GenerateEvent]:
        """Answers runs in one batch; a fault of one in its prompt leaves the others alone."""
        try:
            cache, shared = self._cache_for(runs)
            ready: list[tuple[int, Any]] = []
            for row, run in enumerate(runs):
                hidden = yield from self._read_or_end(run, cache, row, shared)
                if hidden is not None:
                    ready.append((row, hidden))
            if ready:
                yield from self._decode([runs[row] for row, _ in ready], cache, ready)
        except Exception as fault:  # noqa: BLE001 - job boundary
            self._held = None
            for run in runs:
                if not run.has_ended:
                    yield self._failed(run, fault)
        finally:
            self._batch = None

    def _read_or_end(
        self, run: _Run, cache: KvRows, row: int, shared: list[_Held]
    ) -> Generator[GenerateEvent, None, Any]:
        """Reads a prompt into its row; returns the last hidden state, (1, D), or None once the run has ended."""
        try:
            return (yield from self._read_prompt(run, cache, row, shared))
        except StopWantedError:
            yield run.finished("cancelled", self.memory().peak_bytes)
        except Exception as fault:  # noqa: BLE001 - job boundary
            yield self._failed(run, fault)
        return None

    def _failed(self, run: _Run, fault: Exception) -> Finished:
        return run.finished("failed", self.memory().peak_bytes, self._told(fault, run.request))

    def _cache_for(self, runs: Sequence[_Run]) -> tuple[KvRows, list[_Held]]:
        """A cache with a row for each run, and the rows whose beginnings it may take over.

        A run that stands alone goes on in the cache of the last conversation, whose recorded steps are then still good.
        """
        held = [] if self._held is None else [self._held]
        room = max(run.room for run in runs)
        if len(runs) == 1:
            if self._held is None:
                cache = KvRows.empty(self._torch, self._decoder.cache_shape, 1, room)
                self._held = _Held(cache, 0, [], ())
            self._held.cache.reserve(room)
            return self._held.cache, [self._held]
        self._batch = KvRows.empty(self._torch, self._decoder.cache_shape, len(runs), room)
        return self._batch, held

    def _rows_that_fit(self, runs: Sequence[_Run]) -> int:
        """How many of the next runs there is memory for at a time."""
        decoder = self._decoder
        if decoder.device.type != "cuda":
            return min(len(runs), MOST_ROWS)
        free, _ = self._torch.cuda.mem_get_info(decoder.device)
        free += self._torch.cuda.memory_reserved(decoder.device) - self._torch.cuda.memory_allocated(decoder.device)
        count = 1
        while count < min(len(runs), MOST_ROWS):
            slots = max(run.room for run in runs[: count + 1])
            if (count + 1) * slots * decoder.cache_shape.token_bytes > free * _SHARE_OF_FREE:
                break
            count += 1
        return count

    def _read_prompt(
        self, run: _Run, cache: KvRows, row: int, shared: list[_Held]
    ) -> Generator[GenerateEvent, None, Any]:
        """Reads a prompt into its row, taking over what is already read; returns the last token's hidden state, (1, D).

        Afterwards its row may be taken over too.

        Raises:
            StopWantedError: It was stopped.
        """
        prompt, request_id = run.prompt, run.request.request_id
        best = max(shared, key=lambda held: held.shared_with(prompt), default=None)
        run.reused_tokens = 0 if best is None else best.shared_with(prompt)
        if best is not None and best.cache is not cache:
            cache.copy_beginning(best.cache, best.row, row, run.reused_tokens)
        elif best is not None and best.row != row:
            cache.copy_beginning(cache, best.row, row, run.reused_tokens)
        cache.lengths[row] = run.reused_tokens
        run.fed = prompt.token_ids.tolist()
        if self._batch is cache:
            shared.append(_Held(cache, row, run.fed, prompt.media))
        else:
            self._held = _Held(cache, row, run.fed, prompt.media)
        features = yield from self._look_at_media(run)
        yield PrefillProgress(request_id, run.reused_tokens, prompt.length)
        hidden = None
        step = self._decoder.chunk_tokens
        for start in range(run.reused_tokens, prompt.length, step):
            if run.is_stopped():
                raise StopWantedError
            end = min(start + step, prompt.length)
            between = _features_between(features, start, end)
            hidden = self._decoder.read(
                cache, row, prompt.token_ids[start:end], prompt.positions[:, start:end], between
            )
            yield PrefillProgress(request_id, end, prompt.length)
        if run.is_stopped():
            raise StopWantedError
        return hidden

    def _look_at_media(self, run: _Run) -> Generator[GenerateEvent, None, list[tuple[MediaSpan, list[Any]]]]:
        """What the vision tower says about each picture of a prompt that is not yet in the cache.

        Raises:
            StopWantedError: It was stopped.
        """
        media, request_id = run.prompt.media, run.request.request_id
        known = in_cache = sum(span.end <= run.reused_tokens for span in media)
        found: list[tuple[MediaSpan, list[Any]]] = []
        for done, span in enumerate(media[in_cache:], in_cache + 1):
            if run.is_stopped():
                raise StopWantedError
            layers = self._features.pop(span.digest, None) if span.digest else None
            if layers is None:
                layers = self._decoder.see(span, run.is_stopped)
            else:
                known += 1
            self._remember(span.digest, layers)
            found.append((span, layers))
            yield VisionProgress(request_id, done, len(media), known)
        if in_cache and in_cache == len(media):
            yield VisionProgress(request_id, known, known, known)
        return found

    def _remember(self, digest: str, layers: list[Any]) -> None:
        """Keeps what was said about a picture, and lets the longest unseen go when it is too much."""
        if digest:
            self._features[digest] = layers
        total = sum(_size_bytes(kept) for kept in self._features.values())
        while total > _FEATURE_BYTES and len(self._features) > 1:
            _, dropped = self._features.popitem(last=False)
            total -= _size_bytes(dropped)

    def _decode(self, runs: list[_Run], cache: KvRows, ready: Sequence[tuple[int, Any]]) -> Iterator[GenerateEvent]:
        """Draws tokens for every run until the model, its limit or the person ends it.

        On a GPU it already works on the next tokens while one is read here; on a processor that would only keep the
        text back.
        """
        torch, decoder = self._torch, self._decoder
        if len(ready) < cache.rows:
            cache.keep([row for row, _ in ready])
        cache.begin_steps([run.prompt.length for run in runs], [run.prompt.next_position for run in runs])
        samplings, prompts = [run.request.sampling for run in runs], [run.prompt.token_ids for run in runs]
        drawer = TokenDrawer(torch, samplings, prompts, decoder.vocabulary, decoder.device)
        logits = decoder.logits(torch.cat([hidden for _, hidden in ready]))
        while True:
            drawn = drawer.draw(logits)
            cache.tokens.copy_(drawn)
            arriving = _Arriving(torch, drawn)
            goes_on = any(not run.has_ended and run.answer_tokens + 1 < run.limit for run in runs)
            if decoder.works_ahead and goes_on:
                logits = decoder.step(cache)
            tokens = arriving.read()
            for run, token in zip(runs, tokens, strict=True):
                run.fed.append(token)
                if not run.has_ended:
                    yield from self._say(run, token)
            staying = [row for row, run in enumerate(runs) if not run.has_ended]
            if not staying:
                return
            if len(staying) <= (len(runs) // 2 if decoder.is_recording else len(runs) - 1):
                runs = [runs[row] for row in staying]
                cache.keep(staying)
                drawer.keep(staying)
                logits = logits[torch.tensor(staying, device=logits.device)]
            if not decoder.works_ahead:
                logits = decoder.step(cache)

    def _say(self, run: _Run, token: int) -> Iterator[GenerateEvent]:
        """What a token adds to an answer, and its end if this was it."""
        run.count_token()
        if token in self._checkpoint.end_token_ids:
            yield run.finished("done", self.memory().peak_bytes)
            return
        text = run.text_of(token)
        if text:
            yield TextPiece(run.request.request_id, text)
        if run.answer_tokens >= run.limit:
            yield run.finished("length", self.memory().peak_bytes)
        elif run.is_stopped():
            yield run.finished("cancelled", self.memory().peak_bytes)

    def _told(self, fault: Exception, request: Request) -> ErrorText:
        """Words for a fault; the log takes what was not foreseen."""
        words = out_of_memory(self._torch, fault)
        if words is None and not isinstance(fault, AppError):
            logger.error("Request %s failed", request.request_id, exc_info=fault)
        return words or describe_error(fault)

    def _reset_peak(self) -> None:
        self._peak_bytes = 0
        if self._decoder.device.type == "cuda":
            for index in range(self._torch.cuda.device_count()):
                self._torch.cuda.reset_peak_memory_stats(index)


class _Arriving:
    """Drawn tokens on their way from the device, (B,)."""

    def __init__(self, torch: Any, drawn: Any) -> None:
        self._arrived: Any = None
        self._here = drawn
        if drawn.device.type == "cuda":
            self._here = torch.empty(drawn.shape, dtype=drawn.dtype, pin_memory=True)
            self._here.copy_(drawn, non_blocking=True)
            self._arrived = torch.cuda.Event()
            self._arrived.record()

    def read(self) -> list[int]:
        """The tokens, once they are here."""
        if self._arrived is not None:
            self._arrived.synchronize()
        tokens: list[int] = self._here.tolist()
        return tokens


def _features_between(
    features: Sequence[tuple[MediaSpan, list[Any]]], start: int, end: int
) -> list[tuple[int, list[Any]]]:
    """What stands for pictures among the tokens from `start` to `end`: where from `start` on, and each layer's part."""
    found = []
    for span, layers in features:
        first, last = max(span.start, start), min(span.end, end)
        if first < last:
            found.append((first - start, [layer[first - span.start : last - span.start] for layer in layers]))
    return found


def _size_bytes(layers: Sequence[Any]) -> int:
    return sum(layer.numel() * layer.element_size() for layer in layers)
