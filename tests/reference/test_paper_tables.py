"""The paper's Table 5 follows from the counts of its Table 4 by Pearson's chi-square without continuity correction.

Source: Liu S. et al., Cancer Manag Res 2022, Tables 4 and 5.
"""

import pytest

from bonescan.metrics.proportions import Share, chi_square

TABLE_4 = {  # accuracy, sensitivity, specificity
    "model": (Share(109, 123), Share(50, 54), Share(59, 69)),
    "inexperienced": (Share(74, 123), Share(30, 54), Share(44, 69)),
    "moderately": (Share(107, 123), Share(47, 54), Share(60, 69)),
    "experienced": (Share(116, 123), Share(47, 54), Share(69, 69)),
}
TABLE_5 = {
    ("inexperienced", "moderately"): ("<0.001", "<0.001", "0.002"),
    ("inexperienced", "experienced"): ("<0.001", "<0.001", "<0.001"),
    ("moderately", "experienced"): ("0.049", "1.000", "0.002"),
    ("inexperienced", "model"): ("<0.001", "<0.001", "0.003"),
    ("moderately", "model"): ("0.697", "0.340", "0.805"),
    ("experienced", "model"): ("0.110", "0.340", "0.001"),
}


@pytest.mark.parametrize(("pair", "printed"), TABLE_5.items(), ids=lambda value: " vs ".join(value))
def test_every_p_of_table_5(pair, printed):
    for first, second, expected in zip(TABLE_4[pair[0]], TABLE_4[pair[1]], printed, strict=True):
        p = chi_square(first, second)
        assert ("<0.001" if p < 0.001 else f"{p:.3f}") == expected
