"""Downloads a model in processes that may be killed: for each line on stdin a new one, started by a fork.

Says its id, then each state as ``stage bytes``, and after its end ``ended``. A fork spares each the imports.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import httpx2  # noqa: F401 - so that no fork imports it
import huggingface_hub.constants  # noqa: F401

from app.core.models.access import HubAccess
from app.core.models.download_state import DownloadState
from app.engine.downloads import Downloads


def say(words: str) -> None:
    os.write(1, f"{words}\n".encode())


def download(endpoint: str, model_id: str, record_file: Path) -> None:
    ended = threading.Event()

    def tell(state: DownloadState) -> None:
        say(f"{state.stage} {state.done_bytes}")
        if state.error is not None:
            say(f"error {state.error}")
        if state.has_ended:
            ended.set()

    downloads = Downloads(lambda: HubAccess(endpoint=endpoint), tell, record_file)
    downloads.go_on()
    if not downloads.states():
        downloads.start(model_id)
    ended.wait()
    downloads.close()


def main() -> None:
    endpoint, model_id, record_file = sys.argv[1:]
    for _ in sys.stdin:
        process = os.fork()
        if not process:
            try:
                say(f"id {os.getpid()}")
                download(endpoint, model_id, Path(record_file))
            finally:
                os._exit(0)
        os.waitpid(process, 0)
        say("ended")


if __name__ == "__main__":
    main()
