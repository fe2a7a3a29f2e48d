"""The pure middle of Gangze: rules as functions of their arguments.

Nothing below this package imports Flask, SQLAlchemy or any room of the house, reads a clock, opens a file or
touches a network. What a rule needs to know is an argument; what it decides is the return value.
"""
