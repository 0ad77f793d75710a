"""Copy bytes as the C library does: ten to a hundred times as fast as a loop, whose arrays might overlap."""

from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic
def copy_bytes(_context: Any, output: Any, stop: Any, source: Any, begin: Any, count: Any) -> Any:  # noqa: ANN401  # numba's own types
    """Copy `source[begin:begin + count]` to `output[stop:stop + count]`; both of uint8, different, and large enough."""
    del stop, begin, count

    def copy(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401  # as above
        to, place, origin, first, length = arguments
        to_array, _, origin_array, _, _ = signature.args
        target = builder.gep(context.make_array(to_array)(context, builder, to).data, [place])
        start = builder.gep(context.make_array(origin_array)(context, builder, origin).data, [first])
        cgutils.raw_memcpy(builder, target, start, length, 1)
        return context.get_dummy_value()

    return types.void(output, types.int64, source, types.int64, types.int64), copy
