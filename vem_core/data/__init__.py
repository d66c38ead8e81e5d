"""From a folder of videos with music to training shards; nothing but the commands imports it."""
