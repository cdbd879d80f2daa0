"""The invented story that a demonstration tells of a fund, written by the actions that people use.

Its days are counted back from today, so that a demonstration is always in the middle of it.
"""
