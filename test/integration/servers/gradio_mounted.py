"""Gradio mounted below paths of a FastAPI application: with a choice that has to be one of its list, with a picture, with a file. Usage: gradio_mounted.py PORT"""
import os
import sys

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"

import gradio
import uvicorn
from fastapi import FastAPI


def classify(text: str, language: str) -> dict[str, float]:
    return {"cat": 0.6, "dog": 0.4} if language == "de" else {"cat": 0.1, "dog": 0.9}


interface = gradio.Interface(
    classify, [gradio.Textbox(), gradio.Radio(["de", "en"])], gradio.Label(), api_name="predict", flagging_mode="never"
)


def look(picture, note: str):
    """Red discs apart from what is not red; the picture is given back beside its label."""
    red, _, blue = picture.mean(axis=(0, 1))
    share = float(red / (red + blue))
    return picture, {"red": share, "blue": 1 - share}


pictures = gradio.Interface(
    look, [gradio.Image(), gradio.Textbox()], [gradio.Image(), gradio.Label()], api_name="predict", flagging_mode="never"
)
lines = gradio.Interface(
    lambda file: {"long": 0.8, "short": 0.2} if len(open(file, "rb").read()) > 9 else None,
    gradio.File(),
    gradio.Label(),
    api_name="predict",
    flagging_mode="never",
)
app = gradio.mount_gradio_app(FastAPI(), interface, path="/gradio")
app = gradio.mount_gradio_app(app, pictures, path="/pictures")
app = gradio.mount_gradio_app(app, lines, path="/files")
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
