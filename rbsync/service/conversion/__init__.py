"""Tasks as people write them, with series, brought into the flat form that uploads have.

Source of both forms: the public SDK 2.35.4. What the real service makes of measurements and
cuboids is not known, so tasks with those are refused.
"""
