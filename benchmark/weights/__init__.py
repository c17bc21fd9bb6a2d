"""Weight files: the catalogue of published files, fetching, and weights folders."""

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
    default_names,
    describe,
    fetch,
    find,
    names,
    require,
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
    "default_names",
    "describe",
    "fetch",
    "find",
    "names",
    "require",
]
