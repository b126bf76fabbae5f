"""The released model files."""

from pathlib import Path

from inkgrad.nets import NETS

MODELS = {name: Path(__file__).parent.parent / "models" / f"{name}.safetensors" for name in NETS}
