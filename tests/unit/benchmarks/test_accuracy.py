"""Tables of committed evaluations."""

from benchmarks import accuracy_page


def test_a_difference_without_an_interval_is_said_without_one():
    bare = {"value": 0.25, "low": None, "high": None, "n": 3}
    undefined = bare | {"value": None}
    pair = {
        "first": "a",
        "second": "b",
        "auc": bare | {"low": -0.5, "high": 0.75, "delong_p": 0.5},
        "dice_metastasis_as_drawn": bare,
        "dice_bladder": None,
        "false_alarms_a_study": undefined,
        "report_accuracy": bare | {"mcnemar_p": 0.04},
    }
    assert accuracy_page._difference(pair) == (
        "`a` minus `b` on the same patients: area under the curve +0.250 (-0.500 to +0.750, p = 0.5), pooled Dice of "
        "metastasis +0.250, report accuracy +0.250 (p = 0.04)."
    )
