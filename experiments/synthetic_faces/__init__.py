"""Pictures of people who do not exist, whose Action Units are known.

`python -m experiments.synthetic_faces OUT` makes a set; README.md says what is in it.
"""
