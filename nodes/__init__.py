"""The nodes of the pack. They translate between ComfyUI and vem_core and compute nothing."""
# pyright: reportMissingImports=false

from comfy_api.latest import ComfyExtension, io

from . import evaluation, generation, music, picture, planning, snapping, sound
from .models import register_models

NODES: list[type[io.ComfyNode]] = [
    *picture.NODES,
    *planning.NODES,
    *snapping.NODES,
    *sound.NODES,
    *music.NODES,
    *generation.NODES,
    *evaluation.NODES,
]


class VemExtension(ComfyExtension):
    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        register_models()
        return NODES
