"""How well music meets a picture."""

NODES = []
