"""The built-in suites agree with each other where they say so."""

from benchmark.config.option_merge import merged_options
from benchmark.config.suite import load_suite
from benchmark.registry import METHODS


def options_by_variant(name):
    """The options of each variant of a suite, as its stages depend on them."""
    suite = load_suite(name)
    found = {}
    for section in suite.variants:
        options = METHODS.load(section.method).Options
        accepted, old = options.accepted_names(), options.old_names()
        given = merged_options(suite, section, accepted, old)
        found[section.name] = options.model_validate(given).model_dump(mode="json")
    return found


def test_ablations_start_from_the_recipe_of_quick():
    quick, ablations = options_by_variant("quick"), options_by_variant("ablations")
    shared = quick.keys() & ablations.keys()
    assert {"baseline", "domain-adaptation", "swiftavatar", "supervised"} <= shared
    for name in shared:
        ours, theirs = ablations[name], quick[name]
        # One cached view for each pair, where there are more pairs than in quick.
        assert ours.pop("cached_views", 0) >= theirs.pop("cached_views", 0)
        assert ours == theirs


def test_quick_all_is_quick_with_more_rows():
    quick, more = load_suite("quick"), load_suite("quick-all")
    options, all_options = options_by_variant("quick"), options_by_variant("quick-all")
    names = list(all_options)
    assert [name for name in names if name in options] == list(options)
    assert {name: all_options[name] for name in options} == options
    assert set(names) - options.keys() == {"tos", "agileavatar", "easycraft"}
    own = {"name", "title", "notes", "variants", "options"}
    assert more.model_dump(exclude=own) == quick.model_dump(exclude=own)


def test_photos_scores_the_rows_of_quick_all():
    more, photos = load_suite("quick-all"), load_suite("photos")
    assert options_by_variant("photos") == options_by_variant("quick-all")
    own = {"name", "title", "notes", "faces", "designers"}
    assert photos.model_dump(exclude=own) == more.model_dump(exclude=own)


def test_every_row_of_ablations_changes_one_option():
    options = options_by_variant("ablations")
    ablation = load_suite("ablations").ablation
    whole, missing = options[ablation.steps[-1]], object()
    for name in ablation.beyond:
        row = options[name]
        changed = [
            key
            for key in whole.keys() | row.keys()
            if whole.get(key, missing) != row.get(key, missing)
        ]
        assert len(changed) == 1, (name, changed)


def test_the_cached_views_of_ablations_cover_every_pair():
    for name, options in options_by_variant("ablations").items():
        if "semantic" in options:
            pairs = options["inverted"] * options["semantic"]["copies"]
            faces_and_renders = pairs + options.get("estimator_renders", 0)
            assert faces_and_renders <= options["cached_views"], name
