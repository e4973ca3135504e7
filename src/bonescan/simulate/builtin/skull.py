"""Cranium, facial bones and mandible of the built-in body."""

from __future__ import annotations

from bonescan.simulate.canvas import Canvas
from bonescan.simulate.parts import Part
from bonescan.simulate.structures import number_of


def paint_skull(c: Canvas) -> None:
    """Paint the left half of the skull."""
    _cranium(c)
    _face(c)
    _mandible(c)


def _cranium(c: Canvas) -> None:
    number = number_of("cranium")
    # The vault is open below and in front, where base and face take over.
    c.shell((87, 134, 0), (84, 99, 74), 6.5, number, Part.VAULT, away=(0.86, -0.5, 0), open_from=0.62)
    # The occipital bone is thick at its protuberance and along the nuchal line, where the neck's muscles pull.
    c.sweep([(88, 231, 0), (112, 230, 0), (132, 222, 0)], [(6, 4), (10, 6), (9, 6)], number, Part.VAULT)
    c.sweep([(118, 226, 8), (119, 215, 34), (114, 190, 60)], [(8, 5), (7, 5), (6, 4)], number, Part.VAULT)
    c.sweep(
        [(78, 44, 0), (80, 46, 18), (86, 56, 40), (98, 68, 57)], [(7, 6), (7, 6), (6, 5), (5, 5)], number, Part.ORBIT
    )
    # Floor of the skull: anterior fossa over the orbits, sphenoid, petrous ridge, clivus to the foramen magnum.
    c.plate(
        [
            [(92, 52, 0, 2.5), (90, 54, 20, 2.0), (92, 60, 42, 2.0), (100, 72, 58, 3.0)],
            [(100, 75, 0, 3.0), (97, 76, 20, 2.0), (99, 80, 42, 2.5), (108, 86, 62, 3.0)],
            [(110, 96, 0, 4.0), (112, 98, 18, 3.0), (116, 100, 40, 3.0), (118, 104, 64, 3.0)],
            [(122, 116, 0, 5.0), (124, 118, 18, 3.5), (126, 122, 40, 3.5), (126, 126, 64, 3.0)],
            [(138, 134, 0, 4.0), (138, 136, 18, 4.0), (134, 140, 40, 4.0), (130, 146, 62, 3.5)],
        ],
        number,
        Part.BASE,
    )
    c.sweep([(126, 118, 18), (126, 132, 38), (122, 146, 60)], [(6, 6), (7, 7), (6, 6)], number, Part.BASE)
    c.sweep([(130, 148, 58), (152, 146, 56)], [(9, 10), (6, 7)], number, Part.BASE)
    c.ellipsoid((143, 143, 17), (7, 11, 7), number, Part.BASE)
    c.plate(
        [
            [(146, 160, 14, 3), (142, 160, 34, 3), (136, 158, 56, 3.5)],
            [(150, 182, 4, 4), (145, 182, 30, 3), (132, 180, 54, 3.5)],
            [(140, 208, 0, 4), (136, 206, 30, 3.5), (122, 198, 54, 3.5)],
        ],
        number,
        Part.BASE,
    )


def _face(c: Canvas) -> None:
    number = number_of("facial bones")
    # Rim of the orbit, open spaces within; zygoma and arch.
    rim = [(92, 44, 14), (104, 47, 15), (117, 48, 22), (121, 50, 34), (117, 55, 47), (106, 60, 54), (95, 58, 52)]
    c.sweep(rim, [(4, 4), (3.5, 4), (4, 4), (5, 4.5), (7, 5.5), (5, 5), (4.5, 4.5)], number, Part.ORBIT)
    arch = [(120, 54, 44), (123, 66, 56), (123, 88, 65), (122, 110, 66)]
    c.sweep(arch, [(7, 3.5), (5, 3), (3.2, 2.4), (3, 2.4)], number, Part.ORBIT, flat=(1, 0, 0))
    # Nose: bridge, septum and the thin labyrinth of the ethmoid and turbinates.
    c.sweep([(92, 40, 0), (104, 32, 0), (112, 27, 0)], [(6, 5), (5, 4.5), (4, 3)], number, Part.NOSE)
    c.sweep([(94, 58, 0), (120, 60, 0), (146, 62, 0)], [(3, 14), (2, 13), (1.5, 12)], number, Part.NOSE)
    c.sweep([(94, 56, 8), (118, 56, 13), (144, 58, 20)], [(3, 10), (3, 11), (2.8, 11)], number, Part.NOSE)
    c.sweep([(116, 58, 6), (132, 58, 8), (147, 60, 11)], [(2, 9), (1.8, 8), (2, 8)], number, Part.NOSE)
    # Maxilla: walls of the sinus, palate, tooth row.
    c.plate(
        [
            [(120, 46, 18, 2.5), (122, 50, 34, 3.0), (124, 62, 46, 3.0)],
            [(138, 44, 16, 3.5), (140, 50, 30, 4.0), (140, 66, 40, 3.5)],
            [(152, 42, 12, 5.0), (153, 46, 24, 5.0), (153, 64, 31, 4.0)],
        ],
        number,
        Part.MAXILLA,
    )
    c.plate([[(148, 46, 0, 3), (148, 50, 16, 3)], [(148, 88, 0, 3), (148, 86, 20, 3)]], number, Part.MAXILLA)
    c.sweep([(159, 40, 0), (159, 43, 13), (158, 56, 23), (156, 78, 28)], (5.5, 4), number, Part.MAXILLA, flat=(1, 0, 0))
    c.sweep([(122, 88, 26), (146, 88, 26)], [(8, 5), (5, 5)], number, Part.MAXILLA, flat=(0, 1, 0))


def _mandible(c: Canvas) -> None:
    number = number_of("mandible")
    ramus = [(126, 118, 56), (136, 117, 54), (160, 111, 49), (182, 101, 45), (194, 93, 42)]
    c.sweep(ramus, [(8, 8), (8, 5.5), (17, 5.5), (18, 6), (13, 8)], number, Part.RAMUS, flat=(0, 1, 0))
    c.sweep([(130, 98, 54), (150, 100, 52)], [(4, 4), (8, 4.5)], number, Part.RAMUS, flat=(0, 1, 0))
    c.sweep(
        [(194, 95, 42), (198, 80, 37), (202, 62, 28), (204, 49, 15), (205, 45, 0)],
        [(13, 7.5), (14, 7), (14.5, 7), (15, 7), (15, 7.5)],
        number,
        Part.JAW,
        flat=(1, 0, 0),
    )
    c.sweep([(180, 78, 31), (181, 56, 25), (182, 43, 13), (182, 40, 0)], (10, 5), number, Part.JAW, flat=(1, 0, 0))
