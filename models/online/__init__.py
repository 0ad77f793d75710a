"""The model that learns while the batch model serves: what late labels teach, added to what the batch model says.

The batch model stays as it was trained; everything learned is a residual that begins at nothing. `rules` has the maths
and its constants, `weights` the state, `learner` and `scores` the two sides of it (one writes, many read), `snapshot`
its bytes, `prequential` how well it does, and `estimator` the same maths once more as a River classifier.
"""
