"""What a cohort is made of, by name or from TOML."""

import pytest

from bonescan.core.errors import RecipeError
from bonescan.simulate.recipe import CohortRecipe, read_recipe, shipped_recipes


@pytest.mark.parametrize("name", shipped_recipes())
def test_every_shipped_recipe_is_whole_and_names_itself(name):
    assert read_recipe(name).name == name


def test_a_file_overrides_fields_of_its_base(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text('base = "hard"\nname = "mine"\nmetastasis_fraction = 0.2\n[serial.courses]\nflare = 1\n')
    recipe, hard = read_recipe(path), read_recipe("hard")
    assert (recipe.name, recipe.metastasis_fraction, recipe.serial.courses) == ("mine", 0.2, {"flare": 1})
    same = {"name": "hard", "metastasis_fraction": hard.metastasis_fraction, "serial": hard.serial}
    assert recipe.model_copy(update=same) == hard


@pytest.mark.parametrize(
    "text",
    [
        "colour = 3",
        "metastasis_fraction = 2",
        "= nonsense",
        'base = "easy"',
        "contrast_factor = [2, 1]",
        "counts_low = 3e6",
        "[serial]\nspeed = 3",
        "[serial.courses]\nrepeat = 0",
        "[serial.courses]\nmiracle = 1",
        "[serial]\ninterval_days = [9, 3]",
        '[[sides]]\nname = "train"\nmetastatic = 2\nbenign = 0\nnormal = 0\nsites = { spine = 3 }',
        '[[sides]]\nname = "test"\nmetastatic = 0\nbenign = 0\nnormal = 0',
    ],
)
def test_unknown_keys_and_impossible_values_are_refused(tmp_path, text):
    path = tmp_path / "r.toml"
    path.write_text(text + "\n")
    with pytest.raises(RecipeError, match=r"r\.toml|base"):
        read_recipe(path)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(RecipeError, match="default, hard, paper-621"):
        read_recipe("easy")


def test_the_default_is_the_papers_mixture():
    recipe = read_recipe(None)
    assert recipe == read_recipe("default") == CohortRecipe()
    assert (recipe.metastasis_fraction * 621, recipe.benign_fraction * 341) == pytest.approx((280, 172))
