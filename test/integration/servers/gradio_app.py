"""A Gradio app with one text classifier and a label with confidences. Usage: gradio_app.py PORT"""
import os
import sys

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"

import gradio as gr


def classify(text: str):
    good = sum(word in text.lower() for word in ("friendly", "quick", "wonderful", "new", "like"))
    share = min(0.95, 0.55 + 0.15 * good)
    return {"positive": share, "negative": 1 - share}


app = gr.Interface(fn=classify, inputs=gr.Textbox(), outputs=gr.Label(), api_name="predict", flagging_mode="never")
app.launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), share=False, quiet=True)
