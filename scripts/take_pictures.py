"""Pictures of the workflows and of the timeline, from a real browser on a running ComfyUI.

    python scripts/take_pictures.py --server http://127.0.0.1:8188 [WORKFLOW ...]

The server needs this pack, and in its input folder the bundled clip as clip.mp4 and the bundled
music as music.mp3. Each workflow is run; its picture becomes workflows/NAME.jpg, the template's
thumbnail.
"""

import argparse
import io
import json
from pathlib import Path
from typing import Any

from comfy_page import ComfyPage, browser

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
HELP = ROOT / "web" / "docs" / "images"
BOUNDS = """() => {
    const nodes = window.app.graph._nodes;
    const left = Math.min(...nodes.map(n => n.pos[0])), top = Math.min(...nodes.map(n => n.pos[1]));
    const right = Math.max(...nodes.map(n => n.pos[0] + n.size[0]));
    const bottom = Math.max(...nodes.map(n => n.pos[1] + n.size[1]));
    return [left - 20, top - 50, right + 20, bottom + 20];
}"""
PLACE = """([left, top, scale]) => {
    const ds = window.app.canvas.ds;
    ds.scale = scale; ds.offset[0] = -left; ds.offset[1] = -top;
    window.app.canvas.setDirty(true, true);
}"""
HIDE = """() => {
    const style = document.createElement('style');
    style.textContent = 'body * { visibility: hidden }'
        + ' #graph-canvas, .dom-widget, .dom-widget * { visibility: visible !important }';
    document.head.append(style);
    window.app.canvas.show_info = false;
}"""


def picture_of_graph(page: ComfyPage, width: int) -> bytes:
    """The whole graph, `width` pixels wide, as PNG."""
    left, top, right, bottom = page.page.evaluate(BOUNDS)
    scale = width / (right - left)
    height = round((bottom - top) * scale)
    page.page.set_viewport_size({"width": width, "height": height})
    page.page.evaluate(HIDE)
    page.page.wait_for_timeout(1000)
    page.page.evaluate(PLACE, [left, top, scale])
    page.page.wait_for_timeout(3000)
    return page.page.screenshot()


def save(png: bytes, path: Path, width: int) -> None:
    """As a small JPEG."""
    from PIL import Image

    picture = Image.open(io.BytesIO(png)).convert("RGB")
    height = round(picture.height * width / picture.width)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.resize((width, height), Image.Resampling.LANCZOS).save(path, quality=82, optimize=True)
    print(f"{path.relative_to(ROOT)}: {width} x {height}, {path.stat().st_size // 1024} KiB")


def take(started: Any, server: str, name: str) -> None:
    page = ComfyPage(started, server, size=(1800, 1200))
    page.open()
    page.load(json.loads((ROOT / "workflows" / f"{name}.json").read_text(encoding="utf-8")))
    page.run()
    page.page.wait_for_timeout(3000)
    if name == "compose_for_video":
        timeline(page)
    png = picture_of_graph(page, 2000)
    save(png, ROOT / "workflows" / f"{name}.jpg", 1000)
    if name == "compose_for_video":
        save(png, IMAGES / "workflow.jpg", 1400)
    page.page.close()


def timeline(page: ComfyPage) -> None:
    """The Storyboard node's timeline with something done on it, undone afterwards."""
    page.show_node("VeM_Storyboard", 1.25)
    page.page.locator(".vem-shot").nth(8).click(position={"x": 30, "y": 30})
    page.page.get_by_label("Note on shot 9").fill("the orb lights up #space")
    page.page.keyboard.press("Enter")
    page.page.locator('.vem-transition[data-index="7"] .vem-star').click()
    page.page.wait_for_timeout(1500)
    png = page.page.locator(".vem-tl").screenshot()
    save(png, IMAGES / "timeline.jpg", 1000)
    save(png, HELP / "timeline.jpg", 800)
    for _ in range(2):
        page.page.get_by_title("Undo").click()


def main() -> None:
    parser = argparse.ArgumentParser(description="Take pictures of workflows and timeline.")
    parser.add_argument("--server", default="http://127.0.0.1:8188")
    parser.add_argument("names", nargs="*", metavar="WORKFLOW")
    arguments = parser.parse_args()
    every = sorted(path.stem for path in (ROOT / "workflows").glob("*.json"))
    with browser() as started:
        for name in arguments.names or every:
            take(started, arguments.server, name)


if __name__ == "__main__":
    main()
