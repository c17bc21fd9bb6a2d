"""The studio's pictures and the similarity of faces."""

import io
import threading
from dataclasses import replace

import numpy as np
from PIL import Image
from tiny_studio import CANVAS, SPEC, GreyFaces, render

from benchmark.avatars import AvatarVectors
from benchmark.avatars.spec import Discrete
from reports.human_study.studio.face_similarity import FaceSimilarity
from reports.human_study.studio.pictures import Pictures


def choice(name):
    found = SPEC[name]
    assert isinstance(found, Discrete)
    return found


def decoded(data):
    return np.asarray(Image.open(io.BytesIO(data)))


def test_a_picture_is_rendered_once_and_not_in_parallel():
    drawn, pens = [], threading.Semaphore(1)

    def careful(vectors, size):
        assert pens.acquire(blocking=False)
        drawn.append(size)
        picture = render(vectors, size)
        pens.release()
        return picture

    pictures = Pictures(replace(CANVAS, render=careful), GreyFaces())
    first, other = (
        AvatarVectors.sample(SPEC, 2, 0)[0],
        AvatarVectors.sample(SPEC, 2, 0)[1],
    )
    threads = [
        threading.Thread(target=pictures.avatar, args=(vector, 64))
        for vector in (first, other) * 4
    ]
    threads += [
        threading.Thread(target=pictures.thumbnail, args=(choice("hairType"), option))
        for option in (0, 1, 2, 0)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pictures.avatar(first, 64)
    assert drawn.count(192) == 3
    assert 2 <= drawn.count(64) <= 8
    np.testing.assert_array_equal(
        decoded(pictures.avatar(first, 64)), render(first, 64)[0]
    )


def test_thumbnails_are_cropped_to_the_differences():
    pictures = Pictures(CANVAS, GreyFaces())
    none, full = (decoded(pictures.thumbnail(choice("beard"), i)) for i in (0, 1))
    whole = decoded(pictures.avatar(AvatarVectors.defaults(SPEC), 96))
    changed = (none != full).any(axis=-1)
    assert none.shape == whole.shape
    # The beard is the lowest quarter of the avatar in all of its width.
    assert 0.2 < changed.mean() < 0.3
    hair = [decoded(pictures.thumbnail(choice("hairType"), i)) for i in (0, 2)]
    assert (hair[0] != hair[1]).any(axis=-1).mean() > 0.15


def test_prepared_thumbnails_are_cached():
    drawn = []

    def counted(vectors, size):
        drawn.append(size)
        return render(vectors, size)

    pictures = Pictures(replace(CANVAS, render=counted), GreyFaces())
    pictures.prepare()
    start = (("beard_colour", "black"), ("skin", "light"))
    pictures.thumbnail(choice("hairType"), 2, start)
    # Colours are shown as swatches: only hair and beard have thumbnails.
    assert drawn == [192] * 5


def test_options_that_look_the_same_show_the_whole_avatar():
    same = Pictures(
        replace(CANVAS, render=lambda v, size: render(v[0], size)), GreyFaces()
    )
    still = replace(
        CANVAS,
        options=lambda choice: AvatarVectors.concatenate(
            [AvatarVectors.defaults(SPEC)] * len(choice.options)
        ),
    )
    pictures = Pictures(still, GreyFaces())
    shown = decoded(pictures.thumbnail(choice("beard"), 1))
    whole = decoded(same.avatar(AvatarVectors.defaults(SPEC), 96))
    assert np.abs(shown.astype(int) - whole).mean() < 3


def test_the_most_similar_face_has_similar_colours():
    similarity = FaceSimilarity(GreyFaces())
    assert similarity.nearest("ann", ["odd & 'name'", "bob"]) == "bob"
    assert similarity.nearest("ann", ["ann", "odd & 'name'"]) == "odd & 'name'"
    assert similarity.nearest("ann", ["ann"]) is None
