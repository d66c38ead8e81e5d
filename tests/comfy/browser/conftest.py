"""A real browser on the real server; where there is none, these tests are skipped and say why."""
# pyright: reportMissingImports=false

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from ..conftest import RATE, drums, encode_sound
from ..server import ROOT, Server

sys.path.insert(0, str(ROOT / "scripts"))
from comfy_page import ComfyPage, browser


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    pytest.importorskip("playwright", reason="these tests need a browser: pip install playwright")
    from playwright.sync_api import Error

    with browser_or_reason(Error) as started:
        yield started


def browser_or_reason(no_browser: type[Exception]):
    """The browser, or a skip that says what is missing."""
    try:
        opened = browser()
        started = opened.__enter__()
    except no_browser as error:
        pytest.skip(f"these tests need Chromium: {str(error).splitlines()[0]}")
    return _Opened(opened, started)


class _Opened:
    def __init__(self, opened: Any, started: Any):
        self._opened, self._started = opened, started

    def __enter__(self) -> Any:
        return self._started

    def __exit__(self, *why: Any) -> None:
        self._opened.__exit__(*why)


@pytest.fixture(scope="session")
def song(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The piece that snap_your_music names: music.mp3."""
    path = tmp_path_factory.mktemp("media") / "music.mp3"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mp3", rate=RATE, layout="stereo")
        encode_sound(container, stream, drums(20.0, 112.0))
    return server.add_input(Path(path))


@pytest.fixture
def page(chromium: Any, server: Server, clip: str) -> Iterator[ComfyPage]:
    opened = ComfyPage(chromium, server.address)
    yield opened
    opened.page.close()
