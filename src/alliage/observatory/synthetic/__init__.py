"""An invented wave of citizens that gives back the figures printed of the real one of 2022.

See ``docs/algorithms/observatory-synthetic.md``.
"""
