"""A batch into a better batch: regular names for what every dialect says differently.

Data-driven tables (`genai_table`), no storage and no HTTP.
"""
