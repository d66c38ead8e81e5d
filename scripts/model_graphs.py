"""The graphs that make music with the trained model; workflow_graphs.py takes them in."""

from dataclasses import replace

from workflow_boxes import BOARD, LOAD, PARSE, PLAN, Box, note

MODEL = Box(type="VeM_LoadModel", at=(40, 1140), size=(320, 80))
SAMPLE = Box(
    type="VeM_SampleMusic",
    at=(420, 1140),
    size=(400, 440),
    wires={"model": ("model", 0), "storyboard": ("board", 0), "beat_plan": ("plan", 0)},
    widgets={"seed": 1},
)
DECODE = Box(
    type="VeM_DecodeAudio",
    at=(880, 1140),
    size=(620, 660),
    wires={"model": ("model", 0), "latents": ("sample", 0)},
)

MODEL_WORKFLOWS: dict[str, dict[str, Box]] = {
    "score_a_video": {
        "note": note(
            (40, 640),
            "## Music for your video\n\n1. Choose a video.\n2. Say what it is about in"
            " **Storyboard**: a theme, a style, notes on shots.\n3. Press **Run**. Another seed in"
            " **Sample Music** is another piece.\n\nThe model comes with VeM and needs no GPU."
            " Film, MIDI and stems lie in ComfyUI's output folder.",
        ),
        "load": LOAD,
        "parse": PARSE,
        "board": BOARD,
        "plan": PLAN,
        "model": MODEL,
        "sample": SAMPLE,
        "decode": DECODE,
        "save": Box(
            type="VeM_SaveScore",
            at=(40, 1280),
            size=(320, 220),
            wires={"music": ("decode", 1)},
        ),
        "mix": Box(
            type="VeM_MixAudio",
            at=(1560, 1140),
            size=(520, 620),
            wires={"music": ("decode", 0), "own_sound": ("load", 1), "duration_s": ("load", 2)},
        ),
        "mux": Box(
            type="VeM_MuxVideo",
            at=(2140, 1140),
            size=(480, 520),
            wires={"video": ("load", 0), "audio": ("mix", 0)},
        ),
    },
    "redo_one_shot": {
        "note": note(
            (40, 640),
            "## One shot again\n\n1. Choose a video of two shots or more, press **Run**, and look"
            " and listen under **As it was**.\n2. Name the shots you do not like in **redo_shots**,"
            " and say in **What the shot should be** how they should sound.\n3. Press **Run**:"
            " only these are written again. Another seed there is another try; the rest stays,"
            " note for note.",
            (320, 340),
        ),
        "load": LOAD,
        "parse": PARSE,
        "board": BOARD,
        "plan": PLAN,
        "model": MODEL,
        "sample": SAMPLE,
        "decode": replace(DECODE, size=(620, 560), title="As it was"),
        "before": Box(
            type="PreviewAudio",
            at=(880, 1760),
            size=(620, 120),
            wires={"audio": ("decode", 0)},
            title="As it was",
        ),
        "wish": replace(
            BOARD,
            at=(420, 1940),
            wires={"storyboard": ("board", 0)},
            widgets={"shot_notes": "2: calm and quiet"},
            title="What the shot should be",
        ),
        "again": Box(
            type="VeM_SampleMusic",
            at=(1300, 1940),
            size=(400, 480),
            wires={
                "model": ("model", 0),
                "storyboard": ("wish", 0),
                "beat_plan": ("plan", 0),
                "earlier": ("sample", 0),
            },
            widgets={"seed": 2, "redo_shots": "2"},
            title="Only this shot again",
        ),
        "decode_again": Box(
            type="VeM_DecodeAudio",
            at=(1760, 1940),
            size=(620, 660),
            wires={"model": ("model", 0), "latents": ("again", 0)},
        ),
        "mix": Box(
            type="VeM_MixAudio",
            at=(2440, 1940),
            size=(520, 620),
            wires={
                "music": ("decode_again", 0),
                "own_sound": ("load", 1),
                "duration_s": ("load", 2),
            },
        ),
        "mux": Box(
            type="VeM_MuxVideo",
            at=(3020, 1940),
            size=(480, 520),
            wires={"video": ("load", 0), "audio": ("mix", 0)},
            widgets={"filename_prefix": "VeM/redone"},
        ),
    },
}
