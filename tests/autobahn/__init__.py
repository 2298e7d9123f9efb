"""The cases of Autobahn's WebSocket suite, run by a page directly and through p2claw.

The cases are others' (kosoku serves them); here is what a page does with them, and the comparison.
"""
