"""The compiled way from UTF-8 bytes to answers: fold, hash, gather, answer; one numba kernel over the four.

Every function here is plain Python over arrays and integers; `numba.njit` turns it into machine code. The rules are
those of `models.text` and `models.features`; where a comment is short, the docstrings there say why. Only `kernel` is
imported from outside, and only by `models.scorer`, because importing numba costs half a second.
"""
