import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_training import OPTIONS, make_recipe

from methods.generator.recipe import (
    GeneratorRecipe,
    RecipeError,
    read_recipe,
    recipe_names,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("recipes")


def written(folder, options):
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(options))
    return str(path)


def test_built_in_recipes_can_be_read():
    assert {"portraits64", "celebamask512"} <= set(recipe_names())
    for name in recipe_names():
        recipe = read_recipe(name)
        assert recipe.name == name
        assert recipe.config.seg_dim == 13


def test_the_published_recipe_has_the_defaults():
    recipe = read_recipe("celebamask512")
    plain = GeneratorRecipe(name="x", images=1)
    assert recipe.iterations == 200_000
    assert recipe.config == plain.config
    assert recipe.objective == plain.objective
    assert recipe.augmentation == plain.augmentation
    assert recipe.exported_discriminator == plain.exported_discriminator
    assert recipe.learning_rate == 0.002
    assert recipe.ema_decay == pytest.approx(0.99778, abs=1e-5)


def test_the_old_key_of_previews_is_read_and_written():
    options = {key: v for key, v in OPTIONS.items() if key != "preview_every"}
    recipe = GeneratorRecipe(**options, look_every=7)
    assert recipe.preview_every == 7
    assert recipe.model_dump()["look_every"] == 7


def test_a_file_is_read_and_changes_override_it(folder):
    options = {key: value for key, value in OPTIONS.items() if key != "name"}
    recipe = read_recipe(written(folder, options), images=7, seed=3)
    assert (recipe.name, recipe.images, recipe.seed) == ("mine", 7, 3)
    assert recipe.iterations == 2
    assert recipe.config == make_recipe().config


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"imags": 1}, "imags: unknown key (did you mean images?)"),
        ({"images": "many"}, "images: expected a whole number, got 'many'"),
        ({"images": "100"}, "images: expected a whole number, got '100'"),
        (
            {"learning_rate": float("inf")},
            "learning_rate: expected a finite number, got .inf",
        ),
        (
            {"augmentation": {"flip": float("nan")}},
            "augmentation.flip: expected a finite number, got .nan",
        ),
        ({"seed": True}, "seed: expected a whole number, got true"),
        ({"objective": {"mixing": "0.1"}}, "objective.mixing: expected a number, got"),
        (
            {"preview_every": 5, "look_every": 6},
            "look_every: is another name of preview_every, which is given too",
        ),
        ({"batch": 6}, "batch must be a multiple of 4, not 6"),
        ({"precision": "16"}, "precision: input should be '32-true' or 'bf16-mixed'"),
        (
            {"objective": {"r1": 1}},
            "objective.r1: unknown key; the keys here are r1_image",
        ),
        ({"objective": {"mixing": 2}}, "objective.mixing: input should be less"),
        ({"augmentation": {"flip": -1}}, "augmentation.flip: input should be greater"),
        (
            {"generator": {"sise": 64}},
            "generator.sise is not an option (did you mean size",
        ),
        ({"generator": {"size": "big"}}, "generator.size must be a positive whole"),
        ({"generator": {"style_dim": -4}}, "generator.style_dim must be a positive"),
        ({"generator": {"size": 48}}, "must be powers of two"),
        ({"generator": {"channels": 5}}, "generator.channels must map sizes"),
        ({"generator": {"channels": {"4": 4}}}, "generator.channels must map sizes"),
        ({"generator": {"channels": {100: 4}}}, "channels: 4 at 100 px: expected"),
        ({"discriminator": {"channels": {5: 4}}}, "discriminator: channels: 4 at 5 px"),
        ({"discriminator": {"channels": {4: 0}}}, "discriminator: channels: 0 at 4 px"),
        ({"generator": {"lr_mlp": "slow"}}, "generator.lr_mlp must be a float"),
        ({"generator": {"residual_refine": 1}}, "residual_refine must be a bool"),
        ({"generator": {"transparent_dims": 3}}, "transparent_dims must be a list"),
        ({"generator": [1]}, "generator: expected keys with values below it"),
    ],
)
def test_an_error_names_the_file_and_the_key(changes, message, folder):
    path = written(folder, {**OPTIONS, **changes})
    with pytest.raises(RecipeError) as caught:
        read_recipe(path)
    assert str(caught.value).startswith(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[1, 2]", "must contain a mapping of options"),
        (b"seed: 1\nseed: 2", "line 2: not valid YAML: key 'seed' is given twice"),
        (b"a: [1", "not valid YAML"),
        (b"\xff\xfe\x00", "not valid YAML"),
        (b"", "must contain a mapping of options"),
    ],
)
def test_a_file_that_is_no_recipe_is_an_error(content, message, folder):
    path = folder / "none.yaml"
    path.write_bytes(content)
    with pytest.raises(RecipeError, match=message):
        read_recipe(str(path))


def test_an_unknown_recipe_is_an_error_that_lists_the_known_ones():
    with pytest.raises(RecipeError, match=r"no recipe 'portrait'.*portraits64"):
        read_recipe("portrait")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = st.sampled_from([*OPTIONS, "precision", "seed", "learning_rate"])
GENERATOR_KEYS = st.sampled_from([*OPTIONS["generator"], "lr_mlp", "transparent_dims"])


def read_or_refused(path):
    """The recipe, or the message of its RecipeError."""
    try:
        return read_recipe(path), ""
    except RecipeError as error:
        return None, str(error)


@settings(max_examples=50)
@given(key=KEYS, value=JSON)
@pytest.mark.slow
def test_any_value_is_read_or_refused_as_a_recipe_error(key, value, folder):
    path = written(folder, {**OPTIONS, key: value})
    recipe, refusal = read_or_refused(path)
    assert recipe is not None or refusal.startswith(path)


@settings(max_examples=50)
@given(key=GENERATOR_KEYS, value=JSON)
def test_any_generator_is_read_or_refused_as_a_recipe_error(key, value, folder):
    generator = {**OPTIONS["generator"], key: value}
    recipe, refusal = read_or_refused(
        written(folder, {**OPTIONS, "generator": generator})
    )
    assert recipe is not None or "size" in refusal or "generator" in refusal
