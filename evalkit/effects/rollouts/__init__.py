"""Roll-outs: what a change of a district's way of working did, from districts that adopted it at
different times.
"""
