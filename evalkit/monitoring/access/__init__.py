"""Who gets what, how soon: access and time to the first intervention, adjusted for case mix."""
