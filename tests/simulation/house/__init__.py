"""The real application in the simulated world: its handlers, its customers, its promises.

`installation` makes what the template makes, `traffic` lets customers and agents write, `promises`
says what must hold afterwards, `scenario` plays it.
"""
