"""Gradio mounted below a path of a FastAPI application, with a choice that has to be one of its list. Usage: gradio_mounted.py PORT"""
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
app = gradio.mount_gradio_app(FastAPI(), interface, path="/gradio")
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
