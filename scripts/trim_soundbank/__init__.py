"""Makes vem_core/assets/soundbank from a SoundFont 2 file: python -m scripts.trim_soundbank FluidR3_GM.sf2"""
