"""How well music meets a picture: videos, music beside a storyboard, and whole folders."""

from .match import MusicMatch, evaluate_video, match_music
from .plot import draw_match
from .words import describe_match, table

__all__ = [
    "MusicMatch",
    "describe_match",
    "draw_match",
    "evaluate_video",
    "match_music",
    "table",
]
