"""TensorFlow's operations that multiply, by what they are to attention."""

from __future__ import annotations

#: Products of two matrices, and those written with letters.
MATMULS = ("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3")
EINSUMS = ("Einsum", "XlaEinsum")

#: What sums over an axis that two operands share: scores, and what weights weigh.
MATRICES = (*MATMULS, *EINSUMS)

#: All that multiplies.
PRODUCTS = ("Mul", *MATRICES)

#: What makes numbers of a model's own: masks are made by none of these.
MAKING = frozenset((*MATRICES, "XlaDot", "Conv2D", "Conv3D", "DepthwiseConv2dNative"))
