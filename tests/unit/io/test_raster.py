import numpy as np
import pytest
from PIL import Image

import bonescan as bs
from bonescan.core.errors import NotABoneScanError, UnreadableInputError
from bonescan.core.study import Polarity, Units
from bonescan.io.raster import read_picture
from pictures import picture, save_picture


def test_16_bit_png_holds_counts(study, tmp_path):
    counts = study.views[0].counts
    path = save_picture(tmp_path / "a_anterior.png", counts.astype(np.uint16))
    (frame,) = read_picture(path).frames
    np.testing.assert_array_equal(frame.image, counts)
    assert (frame.view, frame.units, frame.polarity) == ("anterior", Units.COUNTS, Polarity.HOT_HIGH)


@pytest.mark.parametrize("suffix", ["png", "tif", "bmp"])
@pytest.mark.parametrize("white", [False, True])
def test_8_bit_pictures_are_display_units(study, tmp_path, suffix, white):
    pixels = picture(study.views[0].counts, white=white)
    (frame,) = read_picture(save_picture(tmp_path / f"scan.{suffix}", pixels)).frames
    assert frame.units is Units.DISPLAY
    assert frame.polarity is (Polarity.HOT_LOW if white else Polarity.HOT_HIGH)
    np.testing.assert_array_equal(frame.image, 255.0 - pixels if white else pixels)


def test_jpeg(study, tmp_path):
    pixels = picture(study.views[0].counts)
    (frame,) = read_picture(save_picture(tmp_path / "scan.jpg", pixels, quality=95)).frames
    assert np.abs(frame.image - (255.0 - pixels)).mean() < 3


@pytest.mark.parametrize(
    ("name", "options", "lossy"),
    [
        ("scan.jpg", {}, True),
        ("scan.tif", {"compression": "jpeg"}, True),
        ("scan.tif", {"compression": "tiff_lzw"}, False),
        ("scan.png", {}, False),
        ("scan.bmp", {}, False),
    ],
)
def test_compression_with_loss_is_found(study, tmp_path, name, options, lossy):
    found = read_picture(save_picture(tmp_path / name, picture(study.views[0].counts), **options)).findings
    assert [finding.code for finding in found] == ["lossy"] * lossy


def test_a_pair_compressed_with_loss_is_told_once(study, tmp_path):
    for view in study.views:
        save_picture(tmp_path / f"a_{view.name}.jpg", picture(view.counts), quality=95)
    assert [finding.code for finding in bs.read(tmp_path).quality].count("lossy") == 1


def test_16_bit_tiff_and_its_pages(study, tmp_path):
    pages = [Image.fromarray(view.counts.astype(np.uint16)) for view in study.views]
    pages[0].save(tmp_path / "scan.tif", save_all=True, append_images=pages[1:])
    frames = read_picture(tmp_path / "scan.tif").frames
    for frame, view in zip(frames, study.views, strict=True):
        np.testing.assert_array_equal(frame.image, view.counts)
        assert frame.units is Units.COUNTS


def test_a_full_range_16_bit_rendering_is_no_counts(study, tmp_path):
    counts = study.views[0].counts
    path = save_picture(tmp_path / "a.png", (counts / counts.max() * 65535).round().astype(np.uint16))
    assert read_picture(path).frames[0].units is Units.DISPLAY


def test_an_inverted_16_bit_picture_is_no_counts(study, tmp_path):
    counts = study.views[0].counts.astype(np.uint16)
    (frame,) = read_picture(save_picture(tmp_path / "a.png", counts.max() - counts)).frames
    assert (frame.units, frame.polarity) == (Units.DISPLAY, Polarity.HOT_LOW)
    np.testing.assert_array_equal(frame.image, counts)


def test_polarity_can_be_told(study, tmp_path):
    path = save_picture(tmp_path / "scan.png", picture(study.views[0].counts, white=False))
    assert read_picture(path, polarity=Polarity.HOT_LOW).frames[0].polarity is Polarity.HOT_LOW


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "LA", "CMYK"])
def test_grey_stored_as_colour(study, tmp_path, mode):
    pixels = picture(study.views[0].counts)
    suffix = "tif" if mode == "CMYK" else "png"
    Image.fromarray(pixels).convert(mode).save(tmp_path / f"scan.{suffix}")
    (frame,) = read_picture(tmp_path / f"scan.{suffix}").frames
    np.testing.assert_allclose(frame.image, 255.0 - pixels, atol=2)


def test_a_transparent_background_is_white(study, tmp_path):
    grey = picture(study.views[0].counts)
    rgba = np.dstack([grey, grey, grey, np.where(grey == 255, 0, 255).astype(np.uint8)])
    rgba[grey == 255, :3] = 0
    (frame,) = read_picture(save_picture(tmp_path / "scan.png", rgba)).frames
    np.testing.assert_array_equal(frame.image, 255.0 - grey)


def test_a_colour_photograph_is_refused(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (400, 300, 3), dtype=np.uint8)
    with pytest.raises(NotABoneScanError, match="colour"):
        read_picture(save_picture(tmp_path / "holiday.png", pixels))


def test_many_pages_are_refused(tmp_path):
    pages = [Image.new("L", (8, 16), i) for i in range(20)]
    pages[0].save(tmp_path / "slices.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(NotABoneScanError, match="20 pages"):
        read_picture(tmp_path / "slices.tif")


@pytest.mark.parametrize("keep", [4, 60, 3000])
def test_a_corrupt_png(study, tmp_path, keep):
    whole = save_picture(tmp_path / "a.png", picture(study.views[0].counts)).read_bytes()
    (tmp_path / "b.png").write_bytes(whole[:keep])
    with pytest.raises(UnreadableInputError, match="damaged or no PNG"):
        read_picture(tmp_path / "b.png")


def test_a_bomb_is_refused_unopened(tmp_path):
    Image.new("1", (9000, 9000)).save(tmp_path / "bomb.png")
    with pytest.raises(UnreadableInputError, match="9000 x 9000"):
        read_picture(tmp_path / "bomb.png")
    Image.new("1", (14_000, 14_000)).save(tmp_path / "bomb.png")
    with pytest.raises(UnreadableInputError):
        read_picture(tmp_path / "bomb.png")


def test_floating_point_pictures(tmp_path, study):
    counts = study.views[0].counts.copy()
    Image.fromarray(counts).save(tmp_path / "a.tif")
    np.testing.assert_array_equal(read_picture(tmp_path / "a.tif").frames[0].image, counts)
    counts[5, 5] = np.nan
    Image.fromarray(counts).save(tmp_path / "a.tif")
    with pytest.raises(UnreadableInputError, match="no numbers"):
        read_picture(tmp_path / "a.tif")
