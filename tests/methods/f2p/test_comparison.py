import torch

from methods.f2p.alignment import Frame
from methods.f2p.comparison import TERMS, SimilarityNetwork

FACES, AVATARS = Frame((0.5, 0.4), (0.5, 0.7)), Frame((0.5, 0.3), (0.5, 0.6))


class Brightness:
    """A term that records the frames it gets."""

    digest = "brightness"

    def __init__(self):
        self.frames = []

    def features(self, pictures, frame):
        self.frames.append(frame)
        return pictures.mean((2, 3))

    def distance(self, candidates, targets):
        return (candidates - targets).abs().mean(1)


def grey(*values):
    return torch.tensor(values).view(-1, 1, 1, 1).expand(-1, 3, 4, 4)


def test_each_picture_is_compared_with_its_face():
    similarity = SimilarityNetwork({"content": Brightness()}, FACES, AVATARS)
    found = similarity.against(grey(0.0, 0.5, 1.0))(grey(0.0, 1.0, 0.0))
    assert TERMS == ("identity", "content")
    torch.testing.assert_close(found, torch.tensor([[0, 0], [0, 0.5], [0, 1.0]]))


def test_faces_and_avatars_have_their_own_frames_and_faces_are_read_once():
    term = Brightness()
    comparison = SimilarityNetwork({"identity": term}, FACES, AVATARS).against(
        grey(0.0)
    )
    for _ in range(2):
        comparison(grey(1.0))
    assert term.frames == [FACES, AVATARS, AVATARS]


def test_gradients_reach_pictures_and_not_faces():
    faces, pictures = grey(0.0).clone().requires_grad_(), grey(1.0).clone()
    similarity = SimilarityNetwork({"content": Brightness()}, FACES, AVATARS)
    similarity.against(faces)(pictures.requires_grad_()).sum().backward()
    assert pictures.grad is not None
    assert (pictures.grad > 0).all()
    assert faces.grad is None
