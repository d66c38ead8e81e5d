"""The graphs of workflows/*.json by node, widget and wire; make_workflows.py writes them."""

from dataclasses import replace

from model_graphs import MODEL_WORKFLOWS
from workflow_boxes import BOARD, COMPOSE, LOAD, PARSE, PLAN, Box, joined, note, stand_in

WORKFLOWS: dict[str, dict[str, Box]] = {
    "parse_and_plan": {
        "note": note(
            (40, 640),
            "## Shots and beats\n\n1. Choose a video in **Load Video**.\n2. Press **Run**.\n3. Look"
            " at the shots in **Parse Shots** and at the beats over the cuts in **Plan Beats**:"
            " green is met, red is missed.\n\nOn the **Storyboard** drag a cut, star what must be"
            " hit, say what a shot is about, and run again: only what changed is done anew.",
        ),
        "load": LOAD,
        "parse": PARSE,
        "board": BOARD,
        "plan": PLAN,
        "json": Box(
            type="PreviewAny",
            at=(2260, 780),
            size=(440, 340),
            wires={"source": ("board", 1)},
            title="The storyboard, to keep and edit",
        ),
        "bpm": Box(
            type="PreviewAny",
            at=(1920, 780),
            size=(300, 120),
            wires={"source": ("plan", 1)},
            title="Base tempo in BPM",
        ),
    },
    "snap_your_music": {
        "note": note(
            (40, 980),
            "## Your music on your cuts\n\n1. Choose a video and a piece of music.\n2. Press"
            " **Run**.\n\nThe music's own tempo is kept as far as it goes: beats are planned around"
            " it, and no part is stretched by more than 8 %. The film lies in ComfyUI's output"
            " folder; its picture is copied, not encoded again.",
        ),
        "load": LOAD,
        "music": Box(
            type="LoadAudio",
            at=(40, 680),
            size=(320, 200),
            widgets={"audio": "music.mp3"},
            title="Your music",
        ),
        "parse": PARSE,
        "snap": Box(
            type="VeM_SnapMusic",
            at=(1040, 160),
            size=(560, 440),
            wires={"music": ("music", 0), "storyboard": ("parse", 0)},
        ),
        "match": Box(
            type="VeM_ScoreMatch",
            at=(1040, 660),
            size=(560, 340),
            wires={
                "audio": ("snap", 0),
                "storyboard": ("parse", 0),
                "beat_plan": ("snap", 2),
            },
        ),
        "mix": Box(
            type="VeM_MixAudio",
            at=(1660, 160),
            size=(520, 620),
            wires={"music": ("snap", 0), "own_sound": ("load", 1), "duration_s": ("load", 2)},
        ),
        "mux": Box(
            type="VeM_MuxVideo",
            at=(1660, 840),
            size=(520, 500),
            wires={"video": ("load", 0), "audio": ("mix", 0)},
        ),
    },
    "compose_for_video": {
        "note": note(
            (40, 640),
            "## Music composed for your video\n\n1. Choose a video.\n2. Say what it is about in"
            " **Storyboard**: a theme, a style, notes on shots.\n3. Press **Run**. Another seed in"
            " **Compose** is another piece.\n\nFilm, MIDI and stems lie in ComfyUI's output"
            " folder.",
        ),
        "load": LOAD,
        "parse": PARSE,
        "board": BOARD,
        "plan": PLAN,
        "compose": COMPOSE,
        "save": Box(
            type="VeM_SaveScore",
            at=(40, 1140),
            size=(320, 220),
            wires={"music": ("compose", 0)},
        ),
        "mix": Box(
            type="VeM_MixAudio",
            at=(1100, 1140),
            size=(520, 620),
            wires={"music": ("compose", 1), "own_sound": ("load", 1), "duration_s": ("load", 2)},
        ),
        "mux": Box(
            type="VeM_MuxVideo",
            at=(1680, 1140),
            size=(480, 520),
            wires={"video": ("load", 0), "audio": ("mix", 0)},
        ),
    },
}
WORKFLOWS["keep_the_dialogue"] = {
    "note": note(
        (40, 640),
        "## Music under what is said\n\n1. Choose a video in which people speak.\n2. Press"
        " **Run**.\n\nThe film's own sound stays as it is. **Mix** takes the music down while"
        " somebody speaks, before the first word, and brings it back after the last: deeper with"
        " **duck_db**. **music_level_db** sets it against the voices; where noise keeps it down,"
        " raise **duck_threshold_db**.",
    ),
    "load": LOAD,
    "parse": PARSE,
    "board": BOARD,
    "plan": PLAN,
    "compose": COMPOSE,
    "mix": Box(
        type="VeM_MixAudio",
        at=(1100, 1140),
        size=(520, 620),
        wires={"music": ("compose", 1), "own_sound": ("load", 1), "duration_s": ("load", 2)},
        widgets={"duck_db": 14.0, "music_level_db": -3.0},
    ),
    "listen": Box(
        type="PreviewAudio",
        at=(1680, 1140),
        size=(480, 120),
        wires={"audio": ("mix", 0)},
        title="Voices and music",
    ),
    "mux": Box(
        type="VeM_MuxVideo",
        at=(1680, 1320),
        size=(480, 520),
        wires={"video": ("load", 0), "audio": ("mix", 0)},
        widgets={"filename_prefix": "VeM/with_dialogue"},
    ),
}
WORKFLOWS["score_generated_clip"] = {
    "note": note(
        (40, 760),
        "## Music behind a video model\n\nWhatever makes an IMAGE batch goes into **Create Video**,"
        " with its frame rate; here three plain colours stand in for it, so that this runs on any"
        " computer. Remove them, and connect your VAE Decode.\n\nThe pictures are encoded once;"
        " **Mux Video** copies them and puts the music under them.",
        (320, 320),
    ),
    "first": stand_in((40, 160), 0x1F3A5F, 60),
    "second": stand_in((40, 380), 0xD98E32, 72),
    "third": stand_in((40, 580), 0x7A2E48, 60),
    "two": joined((420, 160), "first", "second"),
    "three": joined((420, 300), "two", "third"),
    "video": Box(
        type="CreateVideo",
        at=(420, 440),
        size=(240, 120),
        wires={"images": ("three", 0)},
        widgets={"fps": 24.0},
        title="Your video model's frames and rate",
    ),
    "parse": replace(PARSE, at=(720, 160), wires={"video": ("video", 0)}),
    "board": replace(BOARD, at=(1340, 160)),
    "plan": replace(PLAN, at=(2220, 160)),
    "compose": replace(COMPOSE, at=(720, 1140)),
    "mix": Box(
        type="VeM_MixAudio",
        at=(1400, 1140),
        size=(520, 620),
        wires={"music": ("compose", 1)},
    ),
    "mux": Box(
        type="VeM_MuxVideo",
        at=(1980, 1140),
        size=(480, 520),
        wires={"video": ("video", 0), "audio": ("mix", 0)},
        widgets={"filename_prefix": "VeM/generated"},
    ),
}
WORKFLOWS["stems_and_midi"] = {
    "note": note(
        (40, 640),
        "## On in your DAW\n\n1. Choose a video, press **Run**.\n2. Drag the MIDI file and the"
        " stems from ComfyUI's output folder, **VeM**, into your DAW, all at bar 1.\n\nThe MIDI"
        " file carries the tempo map, so the hits lie on the bars there; the stems added up are"
        " the music, sample for sample. Lock an instrument in **Compose** (advanced) or change"
        " the seed for another piece.",
    ),
    "load": LOAD,
    "parse": PARSE,
    "board": BOARD,
    "plan": PLAN,
    "compose": COMPOSE,
    "listen": Box(
        type="PreviewAudio",
        at=(1100, 1140),
        size=(480, 120),
        wires={"audio": ("compose", 1)},
        title="The music",
    ),
    "save": Box(
        type="VeM_SaveScore",
        at=(1100, 1320),
        size=(480, 320),
        wires={"music": ("compose", 0)},
        widgets={"filename_prefix": "VeM/for_daw", "stem_format": "wav"},
    ),
}
WORKFLOWS |= MODEL_WORKFLOWS
