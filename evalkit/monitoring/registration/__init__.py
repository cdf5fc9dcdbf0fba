"""How complete the registration is, by district and field."""
