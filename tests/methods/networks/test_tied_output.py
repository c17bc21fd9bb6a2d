"""Shapes, ranges and independence of pictures in the networks of TOS."""

from __future__ import annotations

import pytest
import torch

from methods.networks.tied_output import (
    DescriptorDecoder,
    ParameterReader,
    PictureDiscriminator,
)


@pytest.mark.parametrize("size", [16, 64, 128])
def test_shapes_and_ranges(size):
    descriptors = torch.randn(2, 5)
    pictures = DescriptorDecoder(5, size, 2)(descriptors)
    assert pictures.shape == (2, 3, size, size)
    assert float(pictures.detach().abs().max()) <= 1
    numbers = ParameterReader(7, 3, size, 2)(pictures)
    assert numbers.shape == (2, 7)
    assert ((numbers[:, :3] >= 0) & (numbers[:, :3] <= 1)).all()
    assert PictureDiscriminator(size, 2)(pictures).shape == (2,)


def test_a_picture_does_not_depend_on_its_batch():
    decoder, reader = DescriptorDecoder(5, 16, 4), ParameterReader(7, 3, 16, 4)
    descriptors = torch.randn(3, 5)
    pictures = decoder(descriptors)
    torch.testing.assert_close(decoder(descriptors[1:2]), pictures[1:2])
    torch.testing.assert_close(reader(pictures[1:2]), reader(pictures)[1:2])


def test_the_scale_of_descriptors_makes_no_difference():
    decoder, descriptors = DescriptorDecoder(5, 16, 4), torch.randn(20, 5)
    decoder.standardise(descriptors)
    pictures = decoder(descriptors)
    decoder.standardise(descriptors * 100 + 7)
    again = decoder(descriptors * 100 + 7)
    torch.testing.assert_close(again, pictures, atol=1e-3, rtol=0)


def test_constant_and_extreme_numbers_of_a_descriptor_stay_finite():
    decoder, descriptors = DescriptorDecoder(5, 16, 4), torch.randn(20, 5)
    descriptors[:, 2] = 0.0
    decoder.standardise(descriptors)
    descriptors[:, 2] = 1e20
    assert decoder(descriptors).isfinite().all()


@pytest.mark.parametrize("size", [8, 48])
def test_other_sizes_are_refused(size):
    with pytest.raises(ValueError, match=f"not {size}"):
        PictureDiscriminator(size, 2)
