# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""Writes a Llama GGUF again with its matrices in another tensor type, by the gguf package of PyPI.

usage: make_gguf_types.py IN.gguf OUT.gguf {F32,F16,BF16,Q8_0}
"""

import sys

import gguf
import numpy as np


def main():
    source, target, wanted = sys.argv[1:]
    kind = gguf.GGMLQuantizationType[wanted]
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, "llama")
    for field in reader.fields.values():
        if field.name == "general.architecture" or field.name.startswith("GGUF."):
            continue
        writer.add_key_value(field.name, field.contents(), field.types[0], *field.types[1:2])
    for tensor in reader.tensors:
        numbers = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        # Norms stay float, and so do rows that don't divide into the type's blocks, as in ggml's own files.
        block, _ = gguf.GGML_QUANT_SIZES[kind]
        plain = numbers.ndim == 1 or numbers.shape[-1] % block != 0
        this = gguf.GGMLQuantizationType.F32 if plain else kind
        writer.add_tensor(tensor.name, gguf.quants.quantize(numbers, this), raw_dtype=this)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
