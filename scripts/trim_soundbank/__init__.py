"""Makes vem_core/assets/soundbank: python -m scripts.trim_soundbank FluidR3_GM.sf2"""
