"""The frame of the app: ``streamlit run app.py``, or ``pianqu app``."""

from pathlib import Path

from geo.views.frame import run

run(Path(__file__).resolve().parent)
