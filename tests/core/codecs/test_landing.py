"""Hits in a sampled score."""

from dataclasses import replace

from tests.core.codecs.test_score_tensor import chord, make_plan, make_score
from vem_core.codecs.score.landing import land_hits
from vem_core.metrics.score import hit_errors_ms
from vem_core.types import Hit, Key, Note

KEY = Key(tonic=0, mode="major")


def hit(time_s: float) -> Hit:
    return Hit(
        transition_s=time_s, beat_s=time_s, unit="beat", error_ms=0, error_frames=0, weight=1
    )


def note(step: int, length: float, pitch: int, offset: float = 0.0) -> Note:
    return Note(step=step, duration_steps=length, pitch=pitch, velocity=80, offset_steps=offset)


def test_hits_are_struck_exactly_and_what_cannot_be_is_counted() -> None:
    # beats of half a second: step 4 at 0.5 s, step 10 at 1.25 s, step 12 at 1.5 s
    plan = replace(make_plan(4), hits=(hit(0.5), hit(1.25), hit(1.5)))
    parts = {
        "lead": [note(0, 2, 72), note(4, 2, 74, offset=0.2)],
        "harmony": [note(8, 3, 60), note(8, 3, 64)],
        "bass": [note(8, 3, 36)],
    }
    landing = land_hits(make_score(plan, KEY, parts, (chord(0, 0, 0, KEY),)), plan)
    assert (landing.moved, landing.struck, landing.silent) == (1, 1, 1)
    assert landing.score.notes("lead")[1].offset_steps == 0
    harmony = [(n.step, n.duration_steps, n.pitch) for n in landing.score.notes("harmony")]
    assert harmony == [(8, 2, 60), (8, 2, 64), (10, 1, 60), (10, 1, 64)]
    assert landing.score.notes("harmony")[2].velocity > 80
    assert landing.score.notes("bass") == (note(8, 3, 36),)
    assert hit_errors_ms(landing.score, plan)[:2].max() < 1e-6
