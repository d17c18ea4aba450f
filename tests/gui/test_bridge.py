"""Events cross from the engine's threads to the main thread: in order, joined, few at a time."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from app.core.errors import EngineError
from app.core.events import Figures, Finished, ModelUnloaded, TextPiece
from app.gui.bridge import Bridge, assert_main_thread

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from app.gui.bridge import WindowEvent

PIECES = 20_000
END = Finished("1", "done", Figures())


def posting(bridge: Bridge, events: list[WindowEvent]) -> threading.Thread:
    def post() -> None:
        for event in events:
            bridge.post(event)

    thread = threading.Thread(target=post)
    thread.start()
    return thread


def post_all(bridge: Bridge, events: list[WindowEvent]) -> None:
    posting(bridge, events).join()


def test_twenty_thousand_pieces_arrive_whole_as_a_handful_of_events(qtbot: QtBot) -> None:
    taken: list[WindowEvent] = []
    bridge = Bridge(taken.append)
    pieces = [f"{number} " for number in range(PIECES)]
    post_all(bridge, [*(TextPiece("1", piece) for piece in pieces), END])
    qtbot.waitUntil(lambda: END in taken)
    assert len(taken) == 2
    assert taken[0] == TextPiece("1", "".join(pieces))


def test_a_slow_main_thread_still_gets_few_events(qtbot: QtBot) -> None:
    taken: list[WindowEvent] = []
    bridge = Bridge(taken.append)
    thread = posting(bridge, [TextPiece("1", "x")] * PIECES)
    qtbot.waitUntil(lambda: sum(len(event.text) for event in taken if isinstance(event, TextPiece)) == PIECES)
    thread.join()
    assert len(taken) < PIECES / 10


def test_only_neighbouring_text_of_one_request_is_joined(qtbot: QtBot) -> None:
    taken: list[WindowEvent] = []
    bridge = Bridge(taken.append)
    unloaded = ModelUnloaded()
    post_all(
        bridge,
        [
            TextPiece("1", "a"),
            TextPiece("1", "b"),
            TextPiece("2", "c"),
            TextPiece("1", "d"),
            unloaded,
            TextPiece("1", "e"),
        ],
    )
    qtbot.waitUntil(lambda: len(taken) == 5)
    assert taken == [TextPiece("1", "ab"), TextPiece("2", "c"), TextPiece("1", "d"), unloaded, TextPiece("1", "e")]


def test_events_are_handled_on_the_main_thread(qtbot: QtBot) -> None:
    threads: list[threading.Thread] = []
    bridge = Bridge(lambda _event: threads.append(threading.current_thread()))
    post_all(bridge, [END])
    qtbot.waitUntil(lambda: bool(threads))
    assert threads == [threading.main_thread()]


def test_a_fault_in_handling_one_event_loses_no_other(qtbot: QtBot) -> None:
    taken: list[WindowEvent] = []

    def handle(event: WindowEvent) -> None:
        if event == TextPiece("1", "bad"):
            raise ValueError("a fault of the handler")
        taken.append(event)

    bridge = Bridge(handle)
    with qtbot.captureExceptions() as caught:
        post_all(bridge, [TextPiece("1", "bad"), ModelUnloaded(), END])
        qtbot.waitUntil(lambda: END in taken)
    assert [kind for kind, _, _ in caught] == [ValueError]
    assert taken == [ModelUnloaded(), END]


def test_nothing_arrives_after_closing(qtbot: QtBot) -> None:
    taken: list[WindowEvent] = []
    bridge = Bridge(taken.append)
    post_all(bridge, [END])
    bridge.close()
    post_all(bridge, [END])
    qtbot.wait(20)
    assert taken == []


def test_widgets_are_out_of_reach_for_other_threads() -> None:
    errors: list[EngineError] = []

    def reach() -> None:
        try:
            assert_main_thread()
        except EngineError as error:
            errors.append(error)

    thread = threading.Thread(target=reach)
    thread.start()
    thread.join()
    assert_main_thread()
    with pytest.raises(EngineError):
        raise errors[0]
