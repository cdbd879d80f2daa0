"""What compiled loops call: others of them, and an instruction that Numba would not choose.

Imported where loops are compiled, and nowhere else.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload, register_jitable

from alliage.survey import loops


@intrinsic
def _add_four(_typing: Any, totals: Any, at: Any, values: Any, place: Any) -> Any:
    def written(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        four = ir.VectorType(ir.DoubleType(), 4).as_pointer()

        def pointer(array: int) -> Any:
            held = context.make_array(signature.args[array])(context, builder, given[array])
            return builder.bitcast(builder.gep(held.data, [given[array + 1]]), four)

        into = pointer(0)
        # Numbers are aligned as numbers, not as fours.
        numbers = [builder.load(each, align=8) for each in (into, pointer(2))]
        builder.store(builder.fadd(*numbers), into, align=8)
        return context.get_dummy_value()

    return types.void(totals, at, values, place), written


@overload(loops.add_four)
def _added(totals: Any, at: Any, values: Any, place: Any) -> Any:  # noqa: ARG001 - their types
    add: Any = _add_four

    def added(totals: Any, at: Any, values: Any, place: Any) -> Any:
        add(totals, at, values, place)

    return added


for loop in (loops.cross, loops.cross_texts, loops.cross_kept):
    register_jitable(loop)
