"""The bones of the built-in body, one file a part of the body.

Places are in mm of an adult male of 1.76 m: z from the top of the head down, y from front to back, x from the midline
to the patient's left; the right side is the mirror image. Section centres, half axes and angles were measured on the
adult male of ICRP Publication 110 (ribs on the female) at a handful of levels and rounded; processes, joints and small
bones follow anatomy texts (Gray's Anatomy, 41st edition; White, Human Osteology, 3rd edition).
"""
