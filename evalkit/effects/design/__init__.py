"""Design of trials: what a waiting list or a stepped start, decided by lot, would show here, by
trying it many times on the run's own register.
"""
