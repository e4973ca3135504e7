"""Methods that our pipelines are compared with, on the same patients, splits and grid.

`nnunet` is the package of that name; `unet` and `report` are the two comparisons of the paper. Each is trained by
`bonescan train` and answers by `bonescan predict`, which writes a folder of predictions; none is made into a bundle.
"""
