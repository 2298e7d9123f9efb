"""One function behind a page."""

import sys

import gradio as gr

gr.Interface(lambda name: f"Hello {name}", "text", "text").launch(server_port=int(sys.argv[1]))
