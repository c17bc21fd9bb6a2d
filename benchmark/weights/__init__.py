"""Weight files: published ones, folders of networks, and how they are found."""

from benchmark.weights.catalogue import (
    ALEXNET,
    EFFICIENTNET_LITE0,
    LIGHTCNN_29V2,
    LIGHTCNN_V4,
    RESNET18,
    ST_LPIPS_ALEX,
    VGG16,
    WeightFile,
)
from benchmark.weights.fetch import (
    adopt,
    check,
    describe,
    fetch,
    find,
    names,
    usual_names,
)
from benchmark.weights.folders import WeightsError, cache_folder

__all__ = [
    "ALEXNET",
    "EFFICIENTNET_LITE0",
    "LIGHTCNN_29V2",
    "LIGHTCNN_V4",
    "RESNET18",
    "ST_LPIPS_ALEX",
    "VGG16",
    "WeightFile",
    "WeightsError",
    "adopt",
    "cache_folder",
    "check",
    "describe",
    "fetch",
    "find",
    "names",
    "usual_names",
]
