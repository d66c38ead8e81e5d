"""One socket type per vem_core type that travels on a wire."""
# pyright: reportMissingImports=false

from comfy_api.latest import io

StoryboardSocket = io.Custom("VEM_STORYBOARD")
"""vem_core.types.Storyboard."""
BeatPlanSocket = io.Custom("VEM_BEAT_PLAN")
"""vem_core.types.BeatPlan."""
MusicSocket = io.Custom("VEM_MUSIC")
"""vem_core.types.Music."""
ModelSocket = io.Custom("VEM_MODEL")
"""nodes.models.LoadedModel."""
LatentsSocket = io.Custom("VEM_LATENTS")
"""vem_core.generation.SampledMusic."""
