"""Pages of the app; nothing below them knows Streamlit."""
