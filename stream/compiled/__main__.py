"""Compile all kernels that a worker needs, so that its first start need not: `python -m stream.compiled`."""

from models.compiled.kernel import load_kernel
from models.compiled.residual import load_adjust, load_learn
from stream.compiled.kernels import load_scan, load_write
from stream.compiled.unpacking import load_unpack

for load in (load_kernel, load_adjust, load_learn, load_scan, load_write, load_unpack):
    load()
