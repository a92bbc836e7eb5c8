"""A batch into a better batch: regular names for what every dialect says differently.

Data-driven tables (`emitters/`), no storage and no HTTP.
"""
