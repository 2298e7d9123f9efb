"""What a person does with an app, each as one function that returns the facts it saw.

The tests assert on these facts at small sizes; the showcase prints them at full size.
"""
