"""What a node shows on itself."""
# pyright: reportMissingImports=false

from typing import TYPE_CHECKING, Any

from comfy_api.latest import io, ui

from .convert import image_from_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def show_figure(node: type[io.ComfyNode], figure: "Figure", text: str = "") -> dict[str, Any]:
    """The `ui` of a node: a picture in the temp folder and, for the history, a text."""
    shown = ui.PreviewImage(image_from_figure(figure), cls=node).as_dict()
    return {**shown, "text": (text,)} if text else shown
