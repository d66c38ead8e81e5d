"""VeM: music for video. A ComfyUI pack; ComfyUI calls comfy_entrypoint()."""

WEB_DIRECTORY = "./web"


async def comfy_entrypoint():
    """The pack's ComfyExtension. Imports stay in here: pytest imports this file without ComfyUI."""
    import logging

    try:
        from .nodes import VemExtension

        return VemExtension()
    except Exception:
        # ComfyUI logs only the message of an error raised here; creators need the whole of it.
        logging.getLogger(__name__).exception("VeM could not be loaded")
        raise
