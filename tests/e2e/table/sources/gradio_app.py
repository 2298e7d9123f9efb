"""A file in, steps out as they are made, and the file again."""

import sys
import time
from pathlib import Path

import gradio as gr


def count(file):
    size = Path(file).stat().st_size
    for step in range(1, 6):
        yield f"step {step} of 5: {size} bytes", None
        time.sleep(0.5)
    yield f"step 5 of 5: {size} bytes", file


demo = gr.Interface(count, gr.File(), [gr.Textbox(), gr.File()], title="Count the claws")
demo.launch(server_port=int(sys.argv[1]))
