"""The procedural composer: a storyboard and a beat plan become a score."""
