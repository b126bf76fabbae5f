"""tinygrad's kernels, kept from one run of the tests to the next.

tinygrad 0.14 keeps the machine code of a C text, but writes that text anew in every process: two thirds of the CPU time
of all tests in Python. What a kernel becomes depends on its AST, the renderer and tinygrad's settings, all of which are
in tinygrad's own key, and on the code of tinygrad and of our renderers (a CPU's is in vectors.py). Delete when it
keeps what it lowers.
"""

import hashlib
import importlib.metadata
import inspect
from pathlib import Path

from tinygrad import codegen
from tinygrad.helpers import PARALLEL, diskcache_get, diskcache_put
from tinygrad.renderer import Renderer
from tinygrad.uop.ops import UOp

from inkgrad import vectors
from inkgrad.export import renderers

TEXTS = b"".join(Path(inspect.getfile(module)).read_bytes() for module in (renderers, vectors))
CODE = importlib.metadata.version("tinygrad"), hashlib.sha256(TEXTS).hexdigest()


def keep() -> None:
    """From here on in this process, and in this process alone: tinygrad's pool of compilers would not know."""
    PARALLEL.value = 0
    lower = codegen.do_to_program

    def kept(ast: UOp, renderer: Renderer) -> UOp:
        key = repr((codegen.to_program_key(ast, renderer), CODE))
        known: UOp | None = diskcache_get("lowered", key)
        return diskcache_put("lowered", key, lower(ast, renderer)) if known is None else known

    codegen.do_to_program = kept
