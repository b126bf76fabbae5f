import gc
from math import prod
from pathlib import Path

import lowering
import numpy as np
import pytest
from hypothesis import settings
from PIL import ImageFont
from tinygrad import Tensor
from tinygrad.nn.state import get_state_dict

from inkgrad import mnist
from inkgrad.nets import NETS, Net

# No test asserts a time: on a busy machine any example may take long.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

lowering.keep()
# tinygrad's graphs are many small objects that live on: each time there are 700 more, the default, Python would look
# through them for what can go.
gc.set_threshold(50_000)

# They go first, or workers would wait for the last of them.
LONG = ["test_exported.py", "test_page.py", "test_everyone.py", "test_train.py", "test_trials.py", "test_export.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


@pytest.fixture(scope="session")
def digits() -> mnist.Mnist:
    return mnist.load()


@pytest.fixture(scope="session")
def font(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pillow's own, as a file."""
    path = tmp_path_factory.mktemp("fonts") / "aileron.ttf"
    own = ImageFont.load_default(size=20)
    assert isinstance(own, ImageFont.FreeTypeFont)
    path.write_bytes(own.font_bytes)
    return path


@pytest.fixture(params=NETS)
def random_net(request: pytest.FixtureRequest) -> Net:
    """Each network with random weights, its BatchNorms as if trained: every statistic and both signs of gamma."""
    rng = np.random.default_rng(7)
    net = NETS[request.param]()
    for name, tensor in get_state_dict(net).items():
        if tensor.shape == () or "num_batches" in name:
            continue
        shape = tuple(int(n) for n in tensor.shape)
        values = rng.normal(0, 1, shape) / np.sqrt(max(1, prod(shape[1:])))
        if name.endswith("running_var"):
            values = rng.uniform(0.2, 3, shape)
        tensor.replace(Tensor(values.astype(np.float32))).realize()
    return net
