"""Python imports this first where it lies on PYTHONPATH: each try to reach the network is noted and refused.

An audit hook cannot be taken away again and sees every socket, whichever library makes it.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from socket import AF_INET, AF_INET6
from typing import Any

_LOG = Path(os.environ["VIEWFINDER_TEST_NETWORK_LOG"])
_ASKING = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}
_REACHING = {"socket.connect", "socket.sendto", "socket.sendmsg"}
"""Without one of them nothing leaves the machine; a socket alone is also made to see what the system can."""


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _ASKING or (event in _REACHING and arguments[0].family in {AF_INET, AF_INET6}):
        with _LOG.open("a", encoding="utf-8") as log:
            log.write(f"{event} {arguments[1:]!r}\n{''.join(traceback.format_stack())}\n")
        raise OSError(f"the test refuses {event}")


_LOG.touch()
sys.addaudithook(_refuse)
