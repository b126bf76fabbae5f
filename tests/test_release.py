"""What a release refuses, before it fits anything; what it writes is tested in test_onnx.py."""

from dataclasses import replace
from pathlib import Path

import pytest
from tinygrad.nn.state import get_state_dict

from inkgrad import recipe, run
from inkgrad import train as training
from inkgrad.errors import Error
from inkgrad.mnist import Mnist
from inkgrad.nets import NETS
from inkgrad.progress import track
from inkgrad.release import release
from inkgrad.unipen import Sample


def test_other_strokes_than_the_runs_and_a_folder_are_refused(digits: Mnist, tmp_path: Path) -> None:
    """Of a file with other writers, those left out may be some that the run trained on."""
    mine, others = ([Sample(1, writer, [[(0.0, 0.0), (0.0, 9.0)]]) for writer in range(n)] for n in (30, 24))
    begun = training.digests(digits, mine, ())
    run.open_folder(tmp_path / "run", replace(recipe.load("cnn-tiny", "quick"), strokes=4), begun, resume=False)
    run.save_tensors(tmp_path / "run" / "weights.safetensors", get_state_dict(NETS["cnn-tiny"]()))
    with pytest.raises(Error, match="trained on other strokes"):
        release(tmp_path / "run", None, digits, others, {}, [], track)
    with pytest.raises(Error, match="is a folder: name the model file"):
        release(tmp_path / "run", tmp_path, digits, mine, {}, [], track)
    assert {path.name for path in tmp_path.rglob("*.*")} == {"recipe.toml", "data.sha256", "weights.safetensors"}
