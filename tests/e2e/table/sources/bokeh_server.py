"""A Bokeh application: a line that follows a slider, a name, a file, a clock of the server."""

from bokeh.io import curdoc
from bokeh.layouts import column
from bokeh.models import ColumnDataSource, Div, FileInput, Slider, TextInput
from bokeh.plotting import figure

line = ColumnDataSource({"x": [1, 2, 3], "y": [1, 2, 3]})
drawing = figure(width=400, height=250)
drawing.line("x", "y", source=line)
claws = Slider(title="Claws", start=1, end=10, value=1, step=1)
name, file = TextInput(title="Name"), FileInput()
greeting, size, clock = Div(text="nobody"), Div(text="no file"), Div(text="0 ticks")


def greet(attribute, before, after):
    greeting.text = f"Hello {after}"


def draw(attribute, before, after):
    line.data = {"x": [1, 2, 3], "y": [after, 2 * after, 3 * after]}
    greeting.text = f"slid to {after}"


def weigh(attribute, before, after):
    size.text = f"file of {len(after)}"


def tick():
    clock.text = f"{int(clock.text.split()[0]) + 1} ticks"


name.on_change("value", greet)
claws.on_change("value", draw)
file.on_change("value", weigh)
curdoc().add_periodic_callback(tick, 500)
curdoc().title = "Claws"
curdoc().add_root(column(claws, name, greeting, file, size, clock, drawing))
