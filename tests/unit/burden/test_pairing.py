from bonescan.burden.pairing import Placed, pair


def at(height, lateral, half=0.01):
    return Placed(height - half, height + half, lateral - half, lateral + half, (height, lateral))


def test_same_place_is_a_pair():
    assert pair([at(0.3, 0.2)], [at(0.305, 0.22)]) == [(0, 0)]


def test_other_side_or_other_height_is_none():
    assert pair([at(0.3, 0.2)], [at(0.3, -0.2)]) == []
    assert pair([at(0.3, 0.0)], [at(0.36, 0.0)]) == []


def test_neighbouring_vertebrae_pair_with_their_own():
    anterior = [at(0.30, 0), at(0.32, 0), at(0.34, 0)]
    posterior = [at(0.322, 0), at(0.302, 0)]
    assert pair(anterior, posterior) == [(0, 1), (1, 0)]


def test_a_long_lesion_pairs_with_a_part_of_itself():
    whole = Placed(0.40, 0.50, 0.05, 0.20, (0.45, 0.12))
    part = Placed(0.47, 0.49, 0.06, 0.10, (0.48, 0.08))
    assert pair([whole], [part]) == [(0, 0)]


def test_one_to_one_nearest_first():
    assert pair([at(0.30, 0.1), at(0.305, 0.1)], [at(0.304, 0.1)]) == [(1, 0)]


def test_nothing_to_pair():
    assert pair([], [at(0.3, 0)]) == []
    assert pair([], []) == []
