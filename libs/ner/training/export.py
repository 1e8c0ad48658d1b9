"""The trained network as an ONNX file of 8-bit integers."""

import tempfile
from pathlib import Path

import onnx
import torch
from network import Network
from onnxruntime.quantization import QuantType, quantize_dynamic


def export(network: Network, target: Path) -> None:
    """Weights of products by column, the vocabulary by table; what is computed between them stays in 32-bit floats."""
    network.eval()
    ids = torch.randint(1000, 20000, (2, 16))
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.onnx"
        torch.onnx.export(
            network,
            (ids, torch.zeros_like(ids)),
            str(whole),
            input_names=["ids", "shapes"],
            output_names=["logits"],
            dynamic_axes={"ids": {0: "rows", 1: "length"}, "shapes": {0: "rows", 1: "length"}, "logits": {0: "rows", 1: "length"}},
            opset_version=17,
            dynamo=False,
        )
        target.parent.mkdir(parents=True, exist_ok=True)
        quantize_dynamic(whole, target, weight_type=QuantType.QInt8, per_channel=True, reduce_range=False)
    onnx.checker.check_model(str(target))
