"""The batch runner: plans the units of a run from its notebooks, executes what is not current, and
says truthfully how it went.
"""
